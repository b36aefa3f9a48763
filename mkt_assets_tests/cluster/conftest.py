"""A crawl that is run once with all assets and checks, for the tests that only look, and copies of it."""

from mkt_assets_tests.shared_crawls import copied_crawl as copied_crawl
from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl
