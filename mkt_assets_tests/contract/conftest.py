"""A crawl that is run once with all assets, for the views to answer on."""

from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl
