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
        "file": ("row or file", "rows or files", "行或文件"),
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
        "styles_in_all": (
            "{styles} in {pictures}; the {n} largest hold half of them.",
            "{pictures}中有 {styles}；最大的 {n} 个占了一半。",
        ),
        "topics_in_all": (
            "{topics} in {captions}; the {n} largest hold half of them.",
            "{captions}中有 {topics}；最大的 {n} 个占了一半。",
        ),
        "no_styles": ("No picture was clustered.", "没有可聚类的图片。"),
        "no_topics": ("No caption was clustered.", "没有可聚类的文案。"),
        "link": (
            "“{style}” goes with “{topic}”: {share} of its pictures, {lift} times as much as everywhere "
            "({posts}, {accounts}).",
            "“{style}”常配“{topic}”：占其图片的 {share}，是总体的 {lift} 倍（{posts}、{accounts}）。",
        ),
        "links_in_all": (
            "{n} of {pairs} of style and topic are supported, by post and by account.",
            "风格与话题的 {pairs}中，{n} 个同时得到帖子与账号两种检验的支持。",
        ),
        "no_links": (
            "None of {pairs} of style and topic is supported: chance, a single account or too few posts explain all.",
            "风格与话题的 {pairs}都得不到支持：偶然、单一账号或帖子太少就足以解释。",
        ),
        "no_pairs": (
            "No picture has a caption, so no style goes with any topic.",
            "没有图片带文案，因此无从谈风格与话题的关联。",
        ),
        "first_crawl": (
            "This is the first crawl: there is nothing to compare with yet.",
            "这是第一次采集，还没有可比较的对象。",
        ),
        "born_style": ("New styles: {names}.", "新风格：{names}。"),
        "born_topic": ("New topics: {names}.", "新话题：{names}。"),
        "split_image": ("Split off other styles: {names}.", "由其他风格分出：{names}。"),
        "split_text": ("Split off other topics: {names}.", "由其他话题分出：{names}。"),
        "gone_image": ("Styles no longer there: {names}.", "消失的风格：{names}。"),
        "gone_text": ("Topics no longer there: {names}.", "消失的话题：{names}。"),
        "rising": ("Rising: {names}.", "上升：{names}。"),
        "falling": ("Falling: {names}.", "下降：{names}。"),
        "moved": ("“{name}” ({change} points)", "“{name}”（{change} 个百分点）"),
        "no_moves": (
            "No share rises or falls beyond chance over {crawls}.",
            "{crawls}中没有占比的变化超出偶然。",
        ),
        "too_few_crawls": (
            "It takes {n} crawls to speak of rising or falling; there are {crawls}.",
            "至少 {n} 次采集才能谈升降；目前有 {crawls}。",
        ),
        "all_continued": (
            "All styles and topics were there in the crawl before ({date}).",
            "所有风格和话题在上一次采集（{date}）中都已存在。",
        ),
        "few_posts": (
            "{styles} and {topics} rest on few posts: treat them as anecdotes.",
            "{styles}和 {topics}只有少量帖子支撑：只能当作个例。",
        ),
        "one_account": (
            "{styles} and {topics} are mostly one account's: {names}.",
            "{styles}和 {topics}主要来自单一账号：{names}。",
        ),
        "unsupported_pairs": (
            "{n} of {pairs} of style and topic are not supported; they are drawn faint.",
            "风格与话题的 {pairs}中有 {n} 个缺乏支持，图中以淡色表示。",
        ),
        "no_elbow": (
            "The number of {what} is a choice, not a discovery: their curve has no clear elbow.",
            "{what}的数量是一种选择而非发现：曲线没有明显的肘点。",
        ),
        "styles_and_topics": ("styles and topics", "风格和话题"),
        "styles_word": ("styles", "风格"),
        "topics_word": ("topics", "话题"),
        "no_caption_share": (
            "{share} of the pictures have no caption; links say nothing about them.",
            "{share} 的图片没有文案，关联分析不涉及它们。",
        ),
        "rejected_in_all": (
            "{files} could not be used; the reasons are below.",
            "有 {files}无法使用，原因见下文。",
        ),
        "copies": (
            "{pictures} and {captions} are near copies of another.",
            "{pictures}和 {captions}与其他内容近乎重复。",
        ),
        "nothing_to_doubt": (
            "Nothing stands out: support is broad and little was rejected.",
            "没有明显可疑之处：支撑充分，拒收很少。",
        ),
        # sections
        "styles": ("Styles", "风格"),
        "styles_lead": (
            "Pictures of people, cut out and grouped by likeness. The first picture of a style is the most typical.",
            "抠出人物后按相似度分组的图片。每个风格的第一张最典型。",
        ),
        "topics": ("Topics", "话题"),
        "topics_lead": (
            "Captions grouped by meaning, with the words that set each topic apart and its most typical captions.",
            "按含义分组的文案，附上区分各话题的词语与最典型的文案。",
        ),
        "size_image": ("{pictures} · {posts} · {accounts}", "{pictures} · {posts} · {accounts}"),
        "size_text": ("{posts} · {accounts}", "{posts} · {accounts}"),
        "likes": ("{likes} likes in the median ({low} to {high})", "点赞中位数 {likes}（{low} 至 {high}）"),
        "likes_alone": ("{likes} likes in the median", "点赞中位数 {likes}"),
        "at_least": ("at least {n}", "至少 {n}"),
        "goes_with": ("Goes with", "常配"),
        "few": ("few posts", "帖子少"),
        "mostly_one": ("mostly one account", "主要来自一个账号"),
        "new": ("new", "新"),
        "split": ("split off", "分出"),
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
            "“{style}” × “{topic}”: {share} ({low} to {high}); {lift} times the share everywhere; {posts} posts, "
            "{accounts} accounts; q {q}, by account p {p}. {believe}",
            "“{style}”×“{topic}”：{share}（{low} 至 {high}）；是总体占比的 {lift} 倍；"
            "{posts} 篇帖子、{accounts} 个账号；q {q}，按账号 p {p}。{believe}",
        ),
        "supported": ("Supported.", "得到支持。"),
        "not_supported": ("Not supported.", "缺乏支持。"),
        "show": ("Show", "显示"),
        "share": ("share", "占比"),
        "lift_word": ("times everywhere", "相对总体倍数"),
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
        "events": ("What came, went, split and merged", "新增、消失、分裂与合并"),
        "event_born": ("{date}: {kind} “{name}” is new.", "{date}：{kind}“{name}”新出现。"),
        "event_split": (
            "{date}: {kind} “{name}” split off “{other}”.",
            "{date}：{kind}“{name}”由“{other}”分出。",
        ),
        "event_merged": (
            "{date}: {kind} “{name}” took in “{other}”.",
            "{date}：{kind}“{name}”并入了“{other}”。",
        ),
        "event_ended": (
            "{date}: {kind} “{name}” was seen for the last time.",
            "{date}：{kind}“{name}”最后一次出现。",
        ),
        "style_word": ("style", "风格"),
        "topic_word": ("topic", "话题"),
        "posts_since": ("{posts}, {share} now", "{posts}，目前 {share}"),
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
        "k_chosen": ("{n} {what}", "{n} 个{what}"),
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
            "The same items, by other methods, unmatted, and by other encoders; a sample of {n}.",
            "同一批内容用其他方法、不抠图或其他编码器处理的结果；抽样 {n}。",
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
        "no_rejects": ("Everything could be used.", "全部可用。"),
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
