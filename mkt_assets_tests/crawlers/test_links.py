"""The ids that stand in the addresses of posts and accounts."""

from __future__ import annotations

import pytest

from mkt_assets.crawlers.links import account_in_home, account_in_post, address_of, post_id_in

NOTE, USER = "66683d6d000000001c020001", "5f1234560000000001001a2b"
XHS = "https://www.xiaohongshu.com"


@pytest.mark.parametrize(
    ("link", "post_id"),
    [
        (f"{XHS}/explore/{NOTE}?xsec_token=ABC123456=&xsec_source=pc", NOTE),
        (f"{XHS}/discovery/item/{NOTE}", NOTE),
        (f"{XHS}/search_result/{NOTE}?x=1#top", NOTE),
        (f"{XHS}/user/profile/{USER}/{NOTE}?x=1", NOTE),
        (f"www.xiaohongshu.com/explore/{NOTE}", NOTE),
        (f"/explore/{NOTE}", NOTE),
        ("62 小星发布了一篇笔记 😆 http://xhslink.com/a/AbCdEf9，复制本条信息", "AbCdEf9"),
        ("https://www.instagram.com/p/CzAbcDEfghi/", "CzAbcDEfghi"),
        ("https://www.instagram.com/some.name/reel/CzAbcDEfghi/?img_index=1", "CzAbcDEfghi"),
        ("https://www.douyin.com/video/7301234567890123456", "7301234567890123456"),
        ("https://www.douyin.com/user/MS4wLjAB?modal_id=7301234567890123456", "7301234567890123456"),
        ("https://weibo.com/1234567890/Nabc12345", "Nabc12345"),
        ("https://m.weibo.cn/detail/4912345678901234", "4912345678901234"),
        ("https://www.tiktok.com/@some.user/video/7301234567890123456", "7301234567890123456"),
        ("https://x.com/someone/status/1234567890/photo/1", "1234567890"),
        ("https://www.youtube.com/watch?v=abcDEF", "abcDEF"),
        ("https://example.org/notes/2024/post123.html", "post123"),
        (f"{XHS}/user/profile/{USER}", None),
        ("https://cdn.example.org/abc123/picture.jpg?x=1", None),
        (f"{XHS}/search_result?keyword=abc123", None),
        ("https://www.instagram.com/someone/", None),
        ("a note about 2024/06/13 and more", None),
        ("https://[", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_a_posts_id_is_read_from_its_address(link: str | None, post_id: str | None) -> None:
    assert post_id_in(link) == post_id


def test_an_accounts_id_is_read_from_its_home_page() -> None:
    assert account_in_home(f"{XHS}/user/profile/{USER}?x=1") == USER
    assert account_in_home("https://www.tiktok.com/@someone") == "someone"
    assert account_in_home("小星") is None


def test_an_account_in_a_posts_address_is_found_and_not_left_in_it() -> None:
    assert account_in_post(f"https://weibo.com/1234567890/{NOTE}") == "1234567890"
    assert address_of(f"https://weibo.com/1234567890/{NOTE}") is None
    assert address_of("https://www.tiktok.com/@a/video/123456") == "https://www.tiktok.com/@/video/123456"
    assert address_of("https://example.org/of/fashion/123456", "fashion") is None
    assert address_of(f"{XHS}/explore/{NOTE}", USER) == f"{XHS}/explore/{NOTE}"
    assert account_in_post(f"{XHS}/explore/{NOTE}") is None
