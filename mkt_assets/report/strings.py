"""Every text of the report's interface, in English and Chinese. What is filled in is in braces."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COUNTED: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "post": ("post", "posts", "篇帖子"),
        "picture": ("picture", "pictures", "张图片"),
        "caption": ("caption", "captions", "条文案"),
        "account": ("account", "accounts", "个账号"),
        "style": ("style", "styles", "个风格"),
        "topic": ("topic", "topics", "个话题"),
        "pair": ("pair", "pairs", "个组合"),
        "crawl": ("crawl", "crawls", "次采集"),
        "file": ("row, file or picture", "rows, files or pictures", "个数据行、文件或图片"),
    }
)
"""Noun: singular, plural, Chinese with its measure word."""

STRINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the page
        "title": ("What the crowd wears and says", "人群穿什么、说什么"),
        "crawl_of": ("Crawl of {date}", "{date} 采集"),
        "window": ("clustered with the crawls since {date}", "与 {date} 以来的采集一起聚类"),
        "language": ("中文", "English"),
        "theme": ("Light or dark", "浅色或深色"),
        "skip": ("Skip to the answers", "跳到要点"),
        "contents": ("Contents", "目录"),
        "nav_styles": ("Styles", "风格"),
        "nav_topics": ("Topics", "话题"),
        "nav_cross": ("Links", "关联"),
        "nav_time": ("Over time", "时间"),
        "nav_map": ("Map", "地图"),
        "nav_decision": ("How many", "数量"),
        "nav_methods": ("Methods", "方法"),
        "nav_quality": ("Data quality", "数据质量"),
        "nav_made": ("How made", "制作"),
        "no_script": (
            "Scripts are off: the map and the switches do not work; everything else does.",
            "脚本已关闭：地图和切换按钮不可用，其余内容正常。",
        ),
        "list_comma": (", ", "、"),
        "nothing": ("Nothing to show here.", "此处暂无内容。"),
        # the five answers
        "answers": ("Five answers", "五个要点"),
        "which_styles": ("Which styles?", "有哪些风格？"),
        "which_topics": ("Which topics?", "有哪些话题？"),
        "which_links": ("Which links are real?", "哪些关联是真实的？"),
        "what_is_new": ("What is new?", "有什么新变化？"),
        "what_not_to_believe": ("What should I not believe?", "哪些不可轻信？"),
        "in_all": (
            "{clusters} in {items}; the {n} largest together hold {share} of them.",
            "{items}中有 {clusters}；最大的 {n} 个共占 {share}。",
        ),
        "in_all_one_largest": (
            "{clusters} in {items}; the largest alone holds {share} of them.",
            "{items}中有 {clusters}；最大的一个就占 {share}。",
        ),
        "one_style": ("{items} [is|are] of one style.", "{items}同属一个风格。"),
        "one_topic": ("{items} [is|are] of one topic.", "{items}同属一个话题。"),
        "no_posts": ("The crawl has no post that could be used.", "本次采集没有可用的帖子。"),
        "no_pictures": (
            "No picture came with the posts, so there is no style.",
            "帖子没有附带图片，因此没有风格。",
        ),
        "all_rejected": (
            "[The only picture was|All {n} pictures were] rejected, so there is no style; the reasons are below.",
            "{n} 张图片全部被拒收，因此没有风格；原因见下文。",
        ),
        "no_styles": ("No picture was clustered.", "没有可聚类的图片。"),
        "no_captions": (
            "No post has a caption of which cleaning leaves anything, so there is no topic.",
            "没有帖子的文案在清理后留有内容，因此没有话题。",
        ),
        "no_topics": ("No caption was clustered.", "没有可聚类的文案。"),
        "link": (
            "“{style}” goes with “{topic}”: {share} of its pictures with a caption, {lift}. {rests}",
            "“{style}”常配“{topic}”：占其带文案图片的 {share}，{lift}。{rests}",
        ),
        "lift_times": ("{lift} times the share in all styles together", "是全部风格中占比的 {lift} 倍"),
        "lift_range": (
            "{lift} times the share in all styles together, at least {low} times",
            "是全部风格中占比的 {lift} 倍，至少 {low} 倍",
        ),
        "lift_at_least": (
            "at least {lift} times the share in all styles together",
            "至少是全部风格中占比的 {lift} 倍",
        ),
        "lift_at_most": (
            "at most {lift} times the share in all styles together",
            "至多是全部风格中占比的 {lift} 倍",
        ),
        "lift_one": (
            "which need be no more or less than in all styles together",
            "未必高于或低于全部风格中的占比",
        ),
        "rests_on": ("It rests on {posts} by {accounts}.", "依据是 {accounts}的 {posts}。"),
        "rests_on_largest": (
            "It rests on {posts} by {accounts}; the largest account wrote {largest} of them.",
            "依据是 {accounts}的 {posts}；其中发帖最多的账号占 {largest}。",
        ),
        "links_in_all": (
            "{n} of {pairs} of style and topic [is|are] supported.",
            "出现的 {pairs}（风格 × 话题）中，{n} 个得到支持。",
        ),
        "links_told": ("The strongest {n} are told here.", "此处列出最强的 {n} 个。"),
        "no_links": (
            "[The only pair of style and topic is not supported|None of {pairs} of style and topic is supported]: "
            "chance, a single account or too few posts would do to explain [it|them].",
            "出现的 {pairs}（风格 × 话题）都得不到支持：偶然、单一账号或帖子太少就足以解释。",
        ),
        "no_pairs": (
            "No post has both a picture and a caption that were clustered, so no style goes with any topic.",
            "没有帖子同时有参与聚类的图片和文案，因此无从谈风格与话题的关联。",
        ),
        "no_pairs_without_styles": (
            "There is no style that a topic could go with.",
            "没有风格，因此没有关联可谈。",
        ),
        "no_pairs_without_topics": (
            "There is no topic that a style could go with.",
            "没有话题，因此没有关联可谈。",
        ),
        "no_pairs_without_stylestopics": (
            "There is neither a style nor a topic, so there is no link.",
            "既没有风格也没有话题，因此没有关联可谈。",
        ),
        "no_news": (
            "There is neither a style nor a topic, so there is no news.",
            "既没有风格也没有话题，因此没有新变化可谈。",
        ),
        "first_crawl": (
            "No earlier crawl has {what} to compare with.",
            "没有更早的采集可用于比较{what}。",
        ),
        "born_image": ("New styles: {names}.", "新风格：{names}。"),
        "born_text": ("New topics: {names}.", "新话题：{names}。"),
        "back_image": ("Styles back after an absence: {names}.", "重新出现的风格：{names}。"),
        "back_text": ("Topics back after an absence: {names}.", "重新出现的话题：{names}。"),
        "gone_image": ("Styles no longer there: {names}.", "消失的风格：{names}。"),
        "gone_text": ("Topics no longer there: {names}.", "消失的话题：{names}。"),
        "not_surely_new": (
            "{things} [has|have] no counterpart in the crawl of {date}, which chance or too few posts would do to "
            "explain.",
            "{things}在 {date} 的采集中没有对应，但偶然或帖子太少就足以解释。",
        ),
        "all_continued": (
            "This crawl's {things} [was|were all] there in the crawl of {date}, too.",
            "本次的 {things}在 {date} 的采集中都已存在。",
        ),
        "rising": ("Rising: {names}.", "上升：{names}。"),
        "falling": ("Falling: {names}.", "下降：{names}。"),
        "moved": ("“{name}” ({change} points)", "“{name}”（{change} 个百分点）"),
        "no_moves": (
            "No share of {what} rises or falls beyond chance over {crawls}.",
            "{crawls}中，{what}的占比没有超出偶然的升降。",
        ),
        "too_few_crawls": (
            "It takes {n} crawls with new posts to speak of what rises or falls among {what}; so far it is {crawls}.",
            "至少 {n} 次有新帖子的采集才能谈{what}的升降；目前为 {crawls}。",
        ),
        "moves_single": (
            "Of {what} this crawl has one only, whose share says nothing of rising or falling.",
            "本次采集的{what}只有一个，其占比不能说明升降。",
        ),
        "moves_later": (
            "There are later crawls: what rises or falls among {what} is told in the report of the last.",
            "之后还有采集：{what}的升降见最近一次采集的报告。",
        ),
        "moves_unknown": (
            "What rises or falls among {what} could not be tested.",
            "{what}的升降无法检验。",
        ),
        "few_posts": (
            "{things} [rests|rest] on few posts; take [it for an anecdote|them for anecdotes]: {names}.",
            "{things}只有少量帖子支撑，只能当作个例：{names}。",
        ),
        "one_account": (
            "{things} [is|are] at least nine tenths one account's: {names}.",
            "{things}九成以上来自单一账号：{names}。",
        ),
        "named_by_one": (
            "{things} [is|are] named by one account's words (†), as no others set [it|them] apart: {names}.",
            "{things}以单一账号的用词命名（†），因为没有其他词语能加以区分：{names}。",
        ),
        "unsupported_pairs": (
            "{n} of {pairs} of style and topic [is|are] not supported and drawn faint.",
            "出现的 {pairs}（风格 × 话题）中有 {n} 个缺乏支持，图中以淡色表示。",
        ),
        "unsupported_all": (
            "[The only pair of style and topic is not supported|None of {pairs} of style and topic is supported]: "
            "[it is|all are] drawn faint.",
            "出现的 {pairs}（风格 × 话题）都缺乏支持，图中以淡色表示。",
        ),
        "no_elbow": (
            "The number of {what} is a choice, not a discovery: neither the curve nor the agreement of halves singles "
            "one out.",
            "{what}的数量是一种选择而非发现：曲线和半样本一致性都没有指明某个数量。",
        ),
        "no_elbow_stable": (
            "Nothing singles out a number of {what}, though other starts find nearly the same {what} again.",
            "没有什么能指明{what}的数量，但换用其他起点得到的{what}几乎相同。",
        ),
        "styles_and_topics": ("styles and topics", "风格和话题"),
        "styles_word": ("styles", "风格"),
        "topics_word": ("topics", "话题"),
        "and": (" and ", "和 "),
        "no_caption_share": (
            "{share} of the pictures have no caption; links say nothing about them.",
            "{share} 的图片没有文案，关联分析不涉及它们。",
        ),
        "rejected_in_all": (
            "{files} could not be used; the reasons are below.",
            "有 {files}无法使用，原因见下文。",
        ),
        "copies": (
            "{things} nearly [repeats|repeat] another of the same style or topic.",
            "{things}与同一风格或话题的其他内容近乎重复。",
        ),
        "nothing_to_doubt": (
            "No reason for doubt was found: no style or topic has few posts or is one account's, no pair of them is "
            "unsupported, no picture is without a caption, nothing was rejected.",
            "未发现可疑之处：没有只靠少量帖子或单一账号的风格和话题，没有缺乏支持的组合，没有缺文案的图片，没有内容被拒收。",
        ),
        "nothing_to_believe": (
            "There is nothing here to believe or to doubt.",
            "这里没有什么可信或可疑的内容。",
        ),
        # sections
        "styles": ("Styles", "风格"),
        "styles_lead": (
            "Pictures of people, cut out and grouped by likeness; the most typical of a style come first.",
            "抠出人物后按相似度分组的图片，最典型的在前。",
        ),
        "topics": ("Topics", "话题"),
        "topics_lead": (
            "Captions grouped by meaning; of a topic the most typical ones and the words that set it apart, if any do. "
            "With †, these words are one account's: without it they would set nothing apart.",
            "按含义分组的文案，附上最典型的文案与区分该话题的词语（如有）。"
            "带 † 的词语出自单一账号，除去该账号便不再有区分作用。",
        ),
        "size_image": ("{pictures} · {posts} · {accounts}", "{pictures} · {posts} · {accounts}"),
        "size_text": ("{posts} · {accounts}", "{posts} · {accounts}"),
        "likes": ("{likes} in the median ({low} to {high})", "点赞中位数 {likes}（{low} 至 {high}）"),
        "likes_alone": ("{likes} in the median", "点赞中位数 {likes}"),
        "likes_word": ("{n} [like|likes]", "{n}"),
        "one_accounts_words": ("† one account's words", "† 单一账号的用词"),
        "at_least": ("at least {n}", "至少 {n}"),
        "goes_with": ("Goes with", "常配"),
        "few": ("few posts", "帖子少"),
        "mostly_one": ("nine tenths one account", "九成来自一个账号"),
        "new": ("new", "新"),
        "back": ("back", "重现"),
        "merged": ("merged", "合并"),
        "rising_badge": ("rising", "上升"),
        "falling_badge": ("falling", "下降"),
        "cross": ("Which topics go with which styles", "哪些话题配哪些风格"),
        "cross_lead": (
            "Each row is a style: how its pictures with a caption divide among the topics. Framed: supported by post "
            "and by account. Faint: not supported, do not build on it.",
            "每行是一个风格：其带文案的图片在各话题中的分布。有边框：经帖子和账号检验支持。淡色：缺乏支持，勿据此下结论。",
        ),
        "cross_help": (
            "Point at a cell, touch it, or move with the arrow keys to read its numbers.",
            "指向或点按单元格，或用方向键移动，查看其数值。",
        ),
        "cell": (
            "“{style}” × “{topic}”: {share} of its pictures with a caption ({low} to {high}), {lift}. {rests} "
            "q {q}, by account {p}. {believe}",
            "“{style}”×“{topic}”：占其带文案图片的 {share}（{low} 至 {high}），{lift}。{rests}"
            "q {q}，按账号 {p}。{believe}",
        ),
        "supported": ("Supported.", "得到支持。"),
        "not_supported": ("Not supported.", "缺乏支持。"),
        "show": ("Show", "显示"),
        "share": ("share", "占比"),
        "lift_word": ("times everywhere, for sure", "相对总体的可靠倍数"),
        "sort": ("Order of styles", "风格排序"),
        "by_size": ("by size", "按规模"),
        "by_link": ("by strongest link", "按最强关联"),
        "style": ("Style", "风格"),
        "topic": ("Topic", "话题"),
        "bars": ("The three main topics of each style", "每个风格的三个主要话题"),
        "bars_lead": (
            "The original's chart: the shares of the three most frequent topics of each style, stacked. "
            "Faint: not supported.",
            "沿用原研究的图表：每个风格最常见的三个话题的占比堆叠。淡色：缺乏支持。",
        ),
        "time": ("Over time", "时间变化"),
        "time_lead": (
            "Share of each crawl's new posts; every post counts once, in its first crawl. Bands are 95 % intervals.",
            "占每次采集新帖子的比例；每篇帖子只在首次采集时计一次。色带为 95% 区间。",
        ),
        "fresh_only": (
            "The first crawl is a stock of older posts: only posts published since the crawl before count here.",
            "首次采集积累了较早的帖子：这里只计上次采集之后发布的帖子。",
        ),
        "events": ("What came, went and merged", "新增、消失与合并"),
        "event_born": ("{date}: {who} is new.", "{date}：{who}新出现。"),
        "event_split": (
            "{date}: {who} is new, near “{other}”.",
            "{date}：{who}新出现，与“{other}”相近。",
        ),
        "event_merged": (
            "{date}: {who} took in “{other}”.",
            "{date}：{who}并入了“{other}”。",
        ),
        "event_ended": (
            "{date}: {who} was seen for the last time.",
            "{date}：{who}最后一次出现。",
        ),
        "kind_named": ("{kind} “{name}”", "{kind}“{name}”"),
        "style_word": ("style", "风格"),
        "topic_word": ("topic", "话题"),
        "posts_since": ("{posts} in all, {share} on {date}", "共 {posts}，{date} 占 {share}"),
        "change_up": ("↑ rising, {change} points", "↑ 上升，{change} 个百分点"),
        "change_down": ("↓ falling, {change} points", "↓ 下降，{change} 个百分点"),
        "more_in_table": ("{n} more are in the table trends.", "另有 {n} 个见 trends 表。"),
        "map": ("Map", "地图"),
        "map_lead": (
            "Items that are alike lie close together ({method}); distances between far groups mean little. "
            "{shown} of {all} are drawn.",
            "相似的内容彼此靠近（{method}）；相距较远的组之间的距离意义不大。共 {all}，绘出 {shown}。",
        ),
        "map_help": (
            "Drag to move, scroll or pinch to zoom, point at or touch an item to see it. With the keyboard: arrow "
            "keys move, + and - zoom, Enter opens the nearest item.",
            "拖动可平移，滚动或双指可缩放，指向或点按可查看内容。键盘：方向键平移，+ 和 - 缩放，回车打开最近的内容。",
        ),
        "map_what": ("Map of", "地图内容"),
        "map_filter": ("Show only", "只显示"),
        "map_all": ("all", "全部"),
        "map_reset": ("Whole map", "全图"),
        "open_post": ("open the post", "打开帖子"),
        "decision_lead": (
            "The sum of squared distances within clusters (inertia) for each number of clusters that was tried.",
            "对每个尝试过的聚类数，给出类内距离平方和（惯量）。",
        ),
        "decision": ("How many styles and topics, and why", "风格和话题的数量及理由"),
        "chosen_by_elbow": (
            "Clusters stand out most there: their silhouette is higher by {strength} than without clusters ({needed} "
            "needed).",
            "聚类在此最为分明：轮廓系数比无聚类时高 {strength}（需达到 {needed}）。",
        ),
        "chosen_by_bend": (
            "No clusters stand out (silhouette higher by {strength} than without clusters, {needed} needed); this is "
            "where the plain curve bends most.",
            "没有分明的聚类（轮廓系数比无聚类时高 {strength}，需达到 {needed}）；取普通坐标下曲线弯曲最大处。",
        ),
        "chosen_plainly": (
            "But two halves of the items, clustered apart, give nearly the same clusters: so many are plain to see.",
            "但将内容分成两半各自聚类，结果几乎相同：这个数量清楚可见。",
        ),
        "chosen_by_only": (
            "Too few different items to try another number.",
            "不同的内容太少，无法尝试其他数量。",
        ),
        "chosen_by_pin": ("The number was set by hand.", "数量由人工指定。"),
        "chosen_by_other": ("Chosen otherwise: {reason}", "以其他方式选定：{reason}"),
        "k_numbers": (
            "Silhouette {silhouette}; agreement between seeds {stability}, between halves {halves} (adjusted Rand "
            "index, 1 is perfect).",
            "轮廓系数 {silhouette}；不同种子间一致性 {stability}，半样本间 {halves}（调整兰德指数，1 为完全一致）。",
        ),
        "k_axis": ("number of clusters, k", "聚类数 k"),
        "inertia_axis": ("inertia", "惯量"),
        "methods": ("Would another method have been better?", "换一种方法会更好吗？"),
        "methods_lead": (
            "The same items by other methods, unmatted, and by other encoders: {n}. A difference is told only if it is "
            "beyond chance with as many comparisons, accounts counted as wholes.",
            "同一批内容（{n}）用其他方法、不抠图或其他编码器处理的结果。"
            "只有在计入比较次数、以账号为单位仍超出偶然的差异才会说明。",
        ),
        "method": ("Method", "方法"),
        "of": ("Of", "对象"),
        "clusters_word": ("Clusters", "聚类数"),
        "noise": ("Noise", "噪声"),
        "stability": ("Stability", "稳定性"),
        "cross_agreement": ("Picture–text agreement", "图文一致性"),
        "background": ("Background agreement", "与背景一致性"),
        "not_run_weights": ("not run: weights absent", "未运行：缺少权重"),
        "used": ("used", "采用"),
        "experiment_methods": ("method", "方法"),
        "experiment_matting": ("matting", "抠图"),
        "experiment_encoders": ("encoder", "编码器"),
        "pictures_word": ("pictures", "图片"),
        "captions_word": ("captions", "文案"),
        "no_methods": ("The comparison has not been run for this crawl.", "本次采集尚未运行方法比较。"),
        "quality": ("Data quality", "数据质量"),
        "quality_posts": ("posts", "帖子"),
        "quality_accounts": ("accounts", "账号"),
        "quality_pictures": ("pictures used", "采用的图片"),
        "quality_flagged": ("pictures flagged (small person)", "标记的图片（人物过小）"),
        "quality_rejected": ("pictures rejected", "拒收的图片"),
        "quality_captions": ("captions", "文案"),
        "quality_no_text": ("posts without text", "无文字的帖子"),
        "quality_chunks": ("captions longer than a window", "超过一个窗口的文案"),
        "quality_dupes": ("near-duplicate pictures", "近乎重复的图片"),
        "quality_coverage": ("pictures with a caption", "带文案的图片"),
        "quality_bounds": ("counts known only as “at least”", "仅知下限的互动数"),
        "rejects": ("What could not be used", "无法使用的内容"),
        "asset": ("Step", "步骤"),
        "reason": ("Reason", "原因"),
        "number": ("Number", "数量"),
        "no_rejects": ("Nothing was rejected.", "没有内容被拒收。"),
        "made": ("How it was made", "制作方式"),
        "models": ("Models", "模型"),
        "role": ("Role", "用途"),
        "model": ("Model", "模型"),
        "version": ("Version", "版本"),
        "licence": ("Licence", "许可"),
        "role_matting": ("cutting people out", "人物抠图"),
        "role_image": ("pictures to vectors", "图片向量"),
        "role_text": ("captions to vectors", "文案向量"),
        "lineage": ("Lineage", "数据血缘"),
        "run": ("Run", "运行"),
        "when": ("When (UTC)", "时间（UTC）"),
        "settings": ("Settings", "设置"),
        "packages": ("Software", "软件"),
        "take_along": ("Take the numbers along", "导出数据"),
        "take_along_text": (
            "In a terminal on the machine that runs the platform: {command} writes every table as Parquet, the "
            "original project's CSV and JSON files and the charts.",
            "在运行平台的机器终端中执行 {command}，即可导出 Parquet 表、原研究格式的 CSV/JSON 文件和图表。",
        ),
        "to_top": ("Back to the answers", "回到要点"),
    }
)
"""Key: English, Chinese."""
