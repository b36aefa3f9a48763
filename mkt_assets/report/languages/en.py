"""English: every text of the page, in which "[is|are]" is "is" of one and "are" of any other number.

Not here: other languages (report/languages), which sentence is said when (report/answers, report/news).
"""

from __future__ import annotations

from collections.abc import Mapping

from mkt_assets.report.language import Language


def _form(amount: int) -> int:
    return 0 if amount == 1 else 1


_MESSAGES: Mapping[str, str] = {
    # numbers of things
    "n_post": "{n} [post|posts]",
    "n_picture": "{n} [picture|pictures]",
    "n_caption": "{n} [caption|captions]",
    "n_account": "{n} [account|accounts]",
    "n_style": "{n} [style|styles]",
    "n_topic": "{n} [topic|topics]",
    "n_pair": "{n} [pair|pairs]",
    "n_crawl": "{n} [crawl|crawls]",
    "n_file": "{n} [row, file or picture|rows, files or pictures]",
    # clusters without a name
    "numbered_image": "style {number}",
    "numbered_text": "topic {number}",
    # the page
    "title": "What the crowd wears and says",
    "crawl_of": "Crawl of {date}",
    "window": "clustered with the crawls since {date}",
    "theme": "Light or dark",
    "skip": "Skip to the answers",
    "contents": "Contents",
    "nav_styles": "Styles",
    "nav_topics": "Topics",
    "nav_cross": "Links",
    "nav_time": "Over time",
    "nav_map": "Map",
    "nav_decision": "How many",
    "nav_methods": "Methods",
    "nav_quality": "Data quality",
    "nav_made": "How made",
    "no_script": "Scripts are off: the map and the switches do not work; everything else does.",
    "list_comma": ", ",
    "nothing": "Nothing to show here.",
    # the five answers
    "answers": "Five answers",
    "which_styles": "Which styles?",
    "which_topics": "Which topics?",
    "which_links": "Which links are real?",
    "what_is_new": "What is new?",
    "what_not_to_believe": "What should I not believe?",
    "in_all": "{clusters} in {items}; the {n} largest together hold {share} of them.",
    "in_all_one_largest": "{clusters} in {items}; the largest alone holds {share} of them.",
    "one_style": "{items} [is|are] of one style.",
    "one_topic": "{items} [is|are] of one topic.",
    "no_posts": "The crawl has no post that could be used.",
    "no_pictures": "No picture came with the posts, so there is no style.",
    "all_rejected": (
        "[The only picture was|All {n} pictures were] rejected, so there is no style; the reasons are below."
    ),
    "no_styles": "No picture was clustered.",
    "no_captions": "No post has a caption of which cleaning leaves anything, so there is no topic.",
    "no_topics": "No caption was clustered.",
    "link": "“{style}” goes with “{topic}”: {share} of its pictures with a caption, {lift}. {rests}",
    "lift_times": "{lift} times the share in all styles together",
    "lift_range": "{lift} times the share in all styles together, at least {low} times",
    "lift_at_least": "at least {lift} times the share in all styles together",
    "lift_at_most": "at most {lift} times the share in all styles together",
    "lift_one": "which need be no more or less than in all styles together",
    "rests_on": "It rests on {posts} by {accounts}.",
    "rests_on_largest": "It rests on {posts} by {accounts}; the largest account wrote {largest} of them.",
    "links_in_all": "{n} of {pairs} of style and topic [is|are] supported.",
    "links_shown": "The strongest {n} are told here.",
    "no_links": (
        "[The only pair of style and topic is not supported|None of {pairs} of style and topic is "
        "supported]: chance, a single account or too few posts would do to explain [it|them]."
    ),
    "no_pairs": (
        "No post has both a picture and a caption that were clustered, so no style goes with any topic."
    ),
    "no_pairs_without_styles": "There is no style that a topic could go with.",
    "no_pairs_without_topics": "There is no topic that a style could go with.",
    "no_pairs_without_stylestopics": "There is neither a style nor a topic, so there is no link.",
    "no_news": "There is neither a style nor a topic, so there is no news.",
    "first_crawl": "No earlier crawl has {what} to compare with.",
    "born_image": "New styles: {names}.",
    "born_text": "New topics: {names}.",
    "back_image": "Styles back after an absence: {names}.",
    "back_text": "Topics back after an absence: {names}.",
    "gone_image": "Styles of {date} no longer there: {names} (seen in the report of that date).",
    "gone_text": "Topics of {date} no longer there: {names} (seen in the report of that date).",
    "not_surely_new": (
        "{things} [has|have] no counterpart in the crawl of {date}, which chance or too few posts would do "
        "to explain."
    ),
    "all_continued": "This crawl's {things} [was|were all] there in the crawl of {date}, too.",
    "rising": "Rising: {names}.",
    "falling": "Falling: {names}.",
    "moved": "“{name}” ({change} points)",
    "no_moves": "No share of {what} rises or falls beyond chance over {crawls}.",
    "too_few_crawls": (
        "It takes {n} crawls with new posts to speak of what rises or falls among {what}; so far it is "
        "{crawls}."
    ),
    "moves_single": "Of {what} this crawl has one only, whose share says nothing of rising or falling.",
    "moves_later": (
        "There are later crawls: what rises or falls among {what} is told in the report of the last."
    ),
    "moves_unknown": "What rises or falls among {what} could not be tested.",
    "few_posts": "{things} [rests|rest] on few posts; take [it for an anecdote|them for anecdotes]: {names}.",
    "one_account": "{things} [is|are] at least nine tenths one account's: {names}.",
    "named_by_one": (
        "{things} [is|are] named by one account's words (†), as no others set [it|them] apart: {names}."
    ),
    "unsupported_pairs": "{n} of {pairs} of style and topic [is|are] not supported and drawn faint.",
    "unsupported_all": (
        "[The only pair of style and topic is not supported|None of {pairs} of style and topic is "
        "supported]: [it is|all are] drawn faint."
    ),
    "no_elbow": (
        "The number of {what} is a choice, not a discovery: neither the curve nor the agreement of halves "
        "singles one out."
    ),
    "no_elbow_stable": (
        "Nothing singles out a number of {what}, though other starts find nearly the same {what} again."
    ),
    "styles_and_topics": "styles and topics",
    "styles_word": "styles",
    "topics_word": "topics",
    "and": " and ",
    "no_caption_share": "{share} of the pictures have no caption; links say nothing about them.",
    "refused_some": "{reason} ({n})",
    "rejected_in_all": "{files} could not be used; the reasons are below.",
    "copies": "{things} nearly [repeats|repeat] another of the same style or topic.",
    "nothing_to_doubt": (
        "No reason for doubt was found: no style or topic has few posts or is one account's, no pair of them "
        "is unsupported, no picture is without a caption, nothing was rejected."
    ),
    "nothing_to_believe": "There is nothing here to believe or to doubt.",
    # sections
    "styles": "Styles",
    "styles_lead": (
        "Pictures of people, cut out and grouped by likeness; the most typical of a style come first."
    ),
    "topics": "Topics",
    "topics_lead": (
        "Captions grouped by meaning; of a topic the most typical ones and the words that set it apart, if "
        "any do. With †, these words are one account's: without it they would set nothing apart."
    ),
    "size_image": "{pictures} · {posts} · {accounts}",
    "size_text": "{posts} · {accounts}",
    "likes": "{likes} in the median ({low} to {high})",
    "likes_alone": "{likes} in the median",
    "likes_word": "{n} [like|likes]",
    "one_accounts_words": "† one account's words",
    "seen_name": "‡ named by sight, not by captions",
    "seen": "Seen in the pictures, not read in captions",
    "at_least": "at least {n}",
    "goes_with": "Goes with",
    "few": "few posts",
    "mostly_one": "nine tenths one account",
    "new": "new",
    "back": "back",
    "merged": "merged",
    "rising_badge": "rising",
    "falling_badge": "falling",
    "cross": "Which topics go with which styles",
    "cross_lead": (
        "Each row is a style: how its pictures with a caption divide among the topics. Framed: supported by "
        "post and by account. Faint: not supported, do not build on it."
    ),
    "cross_help": "Point at a cell or move with the arrow keys to read its numbers; a click or Enter lists its posts.",
    "cell": (
        "“{style}” × “{topic}”: {share} of its pictures with a caption ({low} to {high}), {lift}. {rests} q "
        "{q}, by account {p}. {believe}"
    ),
    "supported": "Supported.",
    "not_supported": "Not supported.",
    "and_seen": "{believe} By sight, its pictures are of what this topic's captions say.",
    "and_not_seen": "{believe} By sight, nothing shows that they go together.",
    "show": "Show",
    "share": "share",
    "lift_word": "times everywhere, for sure",
    "sort": "Order of styles",
    "by_size": "by size",
    "by_link": "by strongest link",
    "style": "Style",
    "topic": "Topic",
    "bars": "The three main topics of each style",
    "bars_lead": (
        "The original's chart: the shares of the three most frequent topics of each style, stacked. Faint: "
        "not supported."
    ),
    "time": "Over time",
    "time_lead": (
        "Share of each crawl's new posts; every post counts once, in its first crawl. Bands are 95 % "
        "intervals."
    ),
    "fresh_only": (
        "The first crawl is a stock of older posts: only posts published since the crawl before count here."
    ),
    "events": "What came, went and merged",
    "event_born": "{date}: {who} is new.",
    "event_split": "{date}: {who} is new, near “{other}”.",
    "event_merged": "{date}: {who} took in “{other}”.",
    "event_ended": "{date}: {who} was seen for the last time.",
    "kind_named": "{kind} “{name}”",
    "style_word": "style",
    "topic_word": "topic",
    "posts_since": "{posts} in all, {share} on {date}",
    "change_up": "↑ rising, {change} points",
    "change_down": "↓ falling, {change} points",
    "more_in_table": "{n} more are in the table trends.",
    "map": "Map",
    "map_lead": (
        "Items that are alike lie close together ({method}); distances between far groups mean little. "
        "{shown} of {all} are drawn."
    ),
    "map_help": (
        "Drag to move, scroll or pinch to zoom, point at or touch an item to see it. With the keyboard: "
        "arrow keys move, + and - zoom, Enter opens the nearest item."
    ),
    "map_what": "Map of",
    "map_filter": "Show only",
    "map_all": "all",
    "map_reset": "Whole map",
    "open_post": "open the post",
    "decision_lead": (
        "The sum of squared distances within clusters (inertia) for each number of clusters that was tried."
    ),
    "decision": "How many styles and topics, and why",
    "chosen_by_elbow": (
        "Clusters stand out most there: their silhouette is higher by {strength} than without clusters "
        "({needed} needed)."
    ),
    "chosen_by_bend": (
        "No clusters stand out (silhouette higher by {strength} than without clusters, {needed} needed); "
        "this is where the plain curve bends most."
    ),
    "chosen_plainly": (
        "But two halves of the items, clustered apart, give nearly the same clusters: so many are plain to "
        "see."
    ),
    "chosen_on_sample": (
        "The clusters were sought on a sample of {n}, fair to accounts and near copies; then each item was given to "
        "the nearest, and the inertia is of all."
    ),
    "chosen_by_only": "Too few different items to try another number.",
    "chosen_by_pin": "The number was set by hand.",
    "chosen_by_other": "Chosen otherwise: {reason}",
    "k_numbers": (
        "Silhouette {silhouette}; agreement between seeds {stability}, between halves {halves} (adjusted "
        "Rand index, 1 is perfect)."
    ),
    "k_axis": "number of clusters, k",
    "inertia_axis": "inertia",
    "methods": "Would another method have been better?",
    "methods_lead": (
        "The same items by other methods, unmatted, and by other encoders: {n}. A difference is told only if "
        "it is beyond chance with as many comparisons, accounts counted as wholes."
    ),
    "method": "Method",
    "of": "Of",
    "clusters_word": "Clusters",
    "noise": "Noise",
    "stability": "Stability",
    "cross_agreement": "Picture–text agreement",
    "background": "Background agreement",
    "not_run_weights": "not run: weights absent",
    "used": "used",
    "experiment_methods": "method",
    "experiment_matting": "matting",
    "experiment_encoders": "encoder",
    "pictures_word": "pictures",
    "captions_word": "captions",
    "no_methods": "The comparison has not been run for this crawl.",
    "quality": "Data quality",
    "quality_posts": "posts",
    "quality_accounts": "accounts",
    "quality_pictures": "pictures used",
    "quality_flagged": "pictures flagged (small person)",
    "quality_rejected": "pictures rejected",
    "quality_captions": "captions",
    "quality_no_text": "posts without text",
    "quality_chunks": "captions longer than a window",
    "quality_dupes": "near-duplicate pictures",
    "quality_matched": "captions that plainly match their pictures (chance: 10%)",
    "quality_coverage": "pictures with a caption",
    "quality_bounds": "counts known only as “at least”",
    "rejects": "What could not be used",
    "asset": "Step",
    "reason": "Reason",
    "number": "Number",
    "no_rejects": "Nothing was rejected.",
    "made": "How it was made",
    "models": "Models",
    "role": "Role",
    "model": "Model",
    "version": "Version",
    "licence": "Licence",
    "role_matting": "cutting people out",
    "role_image": "pictures to vectors",
    "role_text": "captions to vectors",
    "lineage": "Lineage",
    "run": "Run",
    "when": "When (UTC)",
    "settings": "Settings",
    "packages": "Software",
    "take_along": "Take the numbers along",
    "take_along_text": (
        "In a terminal on the machine that runs the platform: {command} writes every table as Parquet, the "
        "original project's CSV and JSON files and the charts."
    ),
    # from a finding to its posts
    "nav_find": "Find",
    "find": "Find posts",
    "find_lead": (
        "Filters styles, topics, the cross table and the map together; what is found can be copied or kept as CSV."
    ),
    "words": "Words in captions",
    "account": "Account",
    "likes_least": "Likes, at least",
    "clear": "Clear",
    "show_found": "Show the posts",
    "see_posts": "Show the {posts}",
    "named_posts": "{name}: {posts}",
    "see_refused": "Show them",
    "see_new": "Show the {posts} of {date}",
    "close": "Close",
    "copy_csv": "Copy as CSV",
    "save_csv": "Download CSV",
    "sort_posts": "Sort",
    "by_typicality": "most typical first",
    "by_likes": "most likes first",
    "by_date": "newest first",
    "not_in_page": (
        "{shown} of these {all} are in this page, the most typical ones. "
        "All are in the warehouse (table clusters): {command}"
    ),
    "not_here": "This crawl ({date}) has no such style or topic.",
    "no_posts_found": "No post.",
    "more_posts": "{n} more",
    "no_caption": "(no caption)",
    "likes_and_collects": "{likes} likes · {collects} collects",
    "account_named": "account {name}",
    "copied": "Copied.",
    "filtered": "{n} found",
    "believed_of_filter": "{posts} by {accounts}; the largest account wrote {largest} of them.",
    "named_so": "So named:",
    "new_here": "first found by this crawl",
    "refused_told": "What could not be used: {n}",
    "posts_of": "Posts of {date}",
    "posts_panel": "Posts",
    # two crawls side by side
    "sides": "Two crawls side by side",
    "sides_of": "{earlier} and {later}",
    "report_of": "Report of {date}",
    "skip_sides": "Skip to the comparison",
    "sides_how": "How they are compared",
    "sides_lead": (
        "A difference is claimed only where posts and accounts both show it: the posts of both crawls are placed among "
        "the same groups, posts of one account count for less than as many of others, and q is corrected for all "
        "groups. Shares are of a crawl's posts, with 95 % intervals that allow for accounts."
    ),
    "sides_days": (
        "Two crawls differ by what a search found on the day, too. Whether something rises or falls takes {n} crawls: "
        "see “Over time” in the reports."
    ),
    "sides_both": "{posts} [is|are] in both crawls.",
    "sides_new": "New: {names}.",
    "sides_grown": "Grown: {names}.",
    "sides_shrunk": "Shrunk: {names}.",
    "sides_gone": "No longer there: {names}.",
    "sides_kept": "{things} [is|are] in both, with no difference that these accounts can show.",
    "sides_only": (
        "{things} [has|have] no counterpart, and these accounts cannot show that [it|they] came "
        "or went: {names}."
    ),
    "sides_nothing": "Nothing came, went, grew or shrank that these accounts can show.",
    "side_new": "new",
    "side_grown": "grown",
    "side_shrunk": "shrunk",
    "side_gone": "gone",
    "side_kept": "kept",
    "side_only later": "only in {date}",
    "side_only earlier": "only in {date}",
    "verdict_new": "New: the crawl of {earlier} has next to nothing of its kind.",
    "verdict_grown": "Grown: {later} has more of it than {earlier}, beyond what chance and single accounts explain.",
    "verdict_shrunk": "Shrunk: {later} has less of it than {earlier}, beyond what chance and single accounts explain.",
    "verdict_gone": "No longer there: the crawl of {later} has next to nothing of its kind.",
    "verdict_kept": "No difference that these accounts can show.",
    "verdict_only later": "It has no counterpart in {earlier}; that it is new, these accounts cannot show.",
    "verdict_only earlier": "It has no counterpart in {later}; that it is gone, these accounts cannot show.",
    "sides_tested": "q {q}, by account {p}",
    "sides_untested": "too few to test",
    "sides_stock": (
        "The crawl of {date} was the first and is a stock of older posts: whatever stays in search results for long "
        "is more in it."
    ),
    "sides_window": (
        "The crawl of {later} was clustered with those since {date}: its posts here are those of all these crawls, "
        "which makes differences smaller."
    ),
    "sides_encoders": (
        "Not comparable: {what} of {earlier} were made with {one}, those of {later} with {other}, and vectors of two "
        "encoders have nothing in common. Make both with the encoder that is set now: {command}"
    ),
    "sides_vectors": (
        "Not comparable: {what} of {date} were made of vectors that are no longer stored. Make them again: {command}"
    ),
    "sides_none": "The crawl of {date} has no {what}, so there is nothing to compare.",
    "name": "Name",
    "found_word": "What became of it",
    "change_word": "Change, points",
    "test_word": "Test",
    "interval": "{share} ({low} to {high})",
    "not_there": "not in this crawl",
    "of_side": "{posts} · {accounts}",
    "of_side_largest": "{posts} · {accounts} · largest account {largest}",
    "crawl_before": "Crawl before: {date}",
    "crawl_after": "Crawl after: {date}",
    "side_by_side_with": "Side by side: {command}",
    "to_top": "Back to the answers",
}

LANGUAGE = Language(code="en", tag="en", name="English", form=_form, messages=_MESSAGES)
