"""Names of columns, as exporters and people give them: the list that the guesser reads. No logic here.

Names are written as `guess.normal` makes them: small letters without blanks, ``_`` and ``-`` (note_id, noteId and
"Note ID" are ``noteid``).

Not here: judging a table by them (crawlers/guess).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# {field: names of its column}. Of several that a table has, the first wins. Those behind | are vague: they
# count where something else says that the table is of posts.
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": _words(
            """
            noteid postid awemeid shortcode tweetid weiboid mblogid feedid 笔记id 作品id 帖子id 动态id
            微博id 推文id 文章id 笔记编号 作品编号 帖子编号 bvid bv号 | contentid videoid mid bid pk
            id 内容id 视频id itemid
            """
        ),
        "link": _words(
            """
            noteurl posturl awemeurl weibourl tweeturl contenturl permalink tweetlink notelink postlink
            shareurl sharelink link url href titleurl titlelink pageurl detailurl weburl webvideourl
            postaddress articleurl 笔记链接 笔记url 笔记网址 笔记地址 作品链接 作品url 作品地址 作品网址
            帖子链接 帖子url 帖子地址 微博链接 微博地址 视频链接 文章链接 内容链接 标题链接 标题url 标题网址
            详情链接 详情页链接 详情页网址 分享链接 链接 链接地址 原文链接 原链接 页面链接 页面网址 网址
            网页链接 网页地址 url地址 笔记详情链接 笔记详情页 地址 笔记官方地址 笔记官方链接 官方链接
            笔记原文链接
            """
        ),
        "title": _words(
            """
            title displaytitle notetitle posttitle subject headline 标题 笔记标题 作品标题 帖子标题 文章标题
            视频标题 题目 標題 筆記標題
            """
        ),
        "content": _words(
            """
            desc content description caption caption.text notedesc notecontent postcontent posttext
            contenttext fulltext captiontext notetext 正文 内容 描述 文案 笔记内容 笔记正文 笔记描述
            笔记文案 作品描述 作品文案 作品内容 帖子内容 微博内容 微博正文 正文内容 文本 文字 文本内容 详情
            内文 內容 內文 視頻描述 视频描述 视频文案 简介 | text body message textraw
            """
        ),
        "tags": _words(
            """
            taglist tags hashtags tag hashtag topics topiclist notetags posttag challenges textextra
            keywordstag 标签 话题 话题标签 标签列表 笔记标签 作品标签 话题列表 话题词 標籤 話題 hashtaglist
            tagnames 作品话题 笔记话题
            """
        ),
        "kind": _words(
            """
            notetype posttype mediatype producttype contenttype type isvideo 笔记类型 作品类型 帖子类型
            内容类型 类型 笔记形式
            """
        ),
        "account": _words(
            """
            creatorhash userid authorid uid ownerid posterid creatorid accountid useruid authoruid secuid
            channelid 作者id 用户id 博主id 达人id 账号id 发布者id 作者编号 用户编号 up主id 红书号 小红书号
            """
        ),
        "home": _words(
            """
            userurl authorurl profileurl homeurl userlink authorlink profilelink authorprofile
            authorprofileurl userhomeurl authorhomeurl userprofile ownerurl userprofileurl accounturl
            作者链接 作者主页 作者主页链接 作者主页url 作者主页地址 作者url 用户主页 用户主页url
            用户主页链接 用户链接 博主主页 博主主页链接 博主链接 达人主页 达人主页链接 主页链接 主页地址
            主页url 主页 个人主页 作者地址 作者网址 账号链接 账号主页 达人链接 发布者链接 发布者主页
            """
        ),
        "name": _words(
            """
            authorname username nickname author user screenname ownerusername authornickname usernickname
            authorusername ownerfullname creator blogger account accountname uploader poster postername name
            作者 作者昵称 作者名称 作者名 昵称 用户昵称 用户名 用户名称 用户 博主 博主昵称 博主名称 博主名
            达人昵称 达人名称 达人 发布者 发布人 账号 账号名称 账号昵称 发布者昵称 up主 暱稱 用戶 用戶名
            userposted 博主名字 作者名字
            """
        ),
        "likes": _words(
            """
            likedcount likecount likescount likes like nlikes numlikes likenum likesnum diggcount
            attitudescount favoritecount voteupcount reactioncount upvotes heart hearts 点赞数 点赞 点赞量
            点赞数量 点赞次数 获赞数 获赞 赞 赞数 喜欢 喜欢数 喜欢数量 笔记点赞数 作品点赞数 點讚數 讚數
            點讚 讚
            """
        ),
        "collects": _words(
            """
            collectedcount collectcount collectscount collects collect collections ncollects favcount
            favouritescount favoritescount favorites favourites favorite bookmarks bookmarkcount savecount
            saves saved collectnum 收藏数 收藏 收藏量 收藏数量 收藏次数 笔记收藏数 作品收藏数 收藏數
            """
        ),
        "comments": _words(
            """
            commentcount commentscount commentnum commentsnum ncomments numcomments comments comment
            replycount replies repliescount 评论数 评论 评论量 评论数量 评论次数 留言数 笔记评论数
            作品评论数 評論數 留言數 回复数
            """
        ),
        "shares": _words(
            """
            sharecount sharedcount sharescount sharenum nshares shares share repostscount repostcount
            reposts retweetcount retweets forwardcount 分享数 分享 分享量 分享数量 分享次数 转发数 转发
            转发量 转发数量 笔记分享数 轉發數 分享數
            """
        ),
        "published": _words(
            """
            unixtimestamp time createtime createtimestamp createdate createdatetime publishtime
            publishedtime publisheddate publishdate publishedat published createdat created createtimeiso
            takenat takenattimestamp posttime postdate postedat releasetime uploadtime uploaddate timestamp
            datetime date datepublished pubtime pubdate createdtime 发布时间 发布日期 发表时间 发表日期
            发帖时间 创建时间 上传时间 笔记发布时间 作品发布时间 发文时间 发博时间 微博时间 时间 日期
            發布時間 發佈時間 postcreated postcreateddate dateposted posteddate 发布于
            """
        ),
        "fetched": _words(
            """
            lastmodifyts fetchedat fetchtime crawltime crawledat crawleddate scrapedat scrapetime
            collectedat timestampcollected capturedat retrievedat spidertime 采集时间 抓取时间 爬取时间
            获取时间 採集時間 collectiontime 采集日期
            """
        ),
        "location": _words(
            """
            iplocation ipaddress iplabel location locationname location.name region regionname ip归属地
            ip属地 ip地址 属地 归属地 发布地 发布地点 地点 地区 地域 位置 发布位置
            """
        ),
        "keyword": _words(
            """
            sourcekeyword keyword searchkeyword searchword query searchterm 关键词 搜索词 搜索关键词 检索词
            關鍵詞
            """
        ),
    }
)
# Objects around a post in answers of web APIs and in page states, and around its account and its counts.
WRAPPERS = frozenset(
    _words(
        """
        data notecard note node item mblog post noteinfo awemeinfo awemedetail aweme importmeta
        """
    )
)
ACCOUNTS = frozenset(
    _words(
        """
        user author userinfo authorinfo owner creator account authormeta poster
        """
    )
)
COUNTS = frozenset(
    _words(
        """
        interactinfo statistics stats statsv2 interaction interactions metrics counts engagement
        """
    )
)
# {name in the account's object: field}
IN_ACCOUNT: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(_words("id uid pk userid mid secuid useruid"), "account"),
        **dict.fromkeys(_words("url link homeurl profileurl home profile"), "home"),
        **dict.fromkeys(_words("nickname name username screenname uniqueid displayname"), "name"),
    }
)
# Columns that only tables of comments have, of accounts, and those that this project itself writes.
OF_COMMENTS = frozenset(
    _words(
        """
        commentid commentcontent commenttext commentuser commenttime parentcommentid rootcommentid
        subcomments subcommentcount targetcomment commentlikecount replyid 评论id 评论内容 评论者 评论人
        评论用户 评论时间 评论昵称 评论点赞数 回复内容 一级评论 一级评论内容
        """
    )
)
OF_ACCOUNTS = frozenset(
    _words(
        """
        fans fanscount follows follower followers followerscount followercount followercnt following
        followingcount 粉丝数 粉丝数量 粉丝 关注数 关注数量 获赞与收藏 获赞与收藏数
        """
    )
)
OF_OURS = frozenset(
    _words(
        """
        crawldate clusterid imagecluster textcluster encoderversion mattepath sourcerow nmergedrows
        numscategoryimg numscategorytext
        """
    )
)
