-- The tables as mkt_assets made them at its commit 063c3fa, before a schema version was kept; with a row each.
CREATE TABLE raw_posts (
    crawl_date DATE NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    post_url VARCHAR,
    title VARCHAR,
    content VARCHAR,
    tags VARCHAR[] NOT NULL,
    kind VARCHAR,
    n_likes BIGINT,
    n_likes_is_lower_bound BOOLEAN NOT NULL,
    n_collects BIGINT,
    n_collects_is_lower_bound BOOLEAN NOT NULL,
    n_comments BIGINT,
    n_comments_is_lower_bound BOOLEAN NOT NULL,
    n_shares BIGINT,
    n_shares_is_lower_bound BOOLEAN NOT NULL,
    published_at TIMESTAMP,
    published_from VARCHAR,
    fetched_at TIMESTAMP,
    location VARCHAR,
    keyword VARCHAR,
    media_paths VARCHAR[] NOT NULL,
    n_merged_rows BIGINT NOT NULL,
    crawler VARCHAR NOT NULL,
    source_file VARCHAR NOT NULL,
    source_row BIGINT NOT NULL
);
INSERT INTO raw_posts VALUES (DATE '2024-06-13', 'a', 'a', 'a', 'a', 'a', ['a'], 'a', 1, true, 1, true, 1, true, 1, true, TIMESTAMP '2024-06-13 10:00:00', 'a', TIMESTAMP '2024-06-13 10:00:00', 'a', 'a', ['a'], 1, 'a', 'a', 1);
CREATE TABLE matted_images (
    crawl_date DATE NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    frame VARCHAR NOT NULL,
    media_path VARCHAR NOT NULL,
    content_sha256 VARCHAR,
    verdict VARCHAR NOT NULL,
    reason VARCHAR,
    foreground_ratio DOUBLE,
    width BIGINT,
    height BIGINT,
    bbox_left BIGINT,
    bbox_top BIGINT,
    bbox_right BIGINT,
    bbox_bottom BIGINT,
    matte_path VARCHAR,
    matte_source VARCHAR,
    matting_model VARCHAR NOT NULL,
    CHECK ((verdict = 'kept') = (reason IS NULL)),
    CHECK (verdict = 'rejected' OR matte_path IS NOT NULL)
);
INSERT INTO matted_images VALUES (DATE '2024-06-13', 'a', 'a', 'a', 'a', 'a', 'kept', NULL, 0.5, 1, 1, 1, 1, 1, 1, 'a', 'a', 'a');
CREATE TABLE image_embeddings (
    crawl_date DATE NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    frame VARCHAR NOT NULL,
    content_sha256 VARCHAR NOT NULL,
    encoder VARCHAR NOT NULL,
    encoder_version VARCHAR NOT NULL,
    dimension BIGINT NOT NULL,
    embedding FLOAT[] NOT NULL,
    CHECK (len(embedding) = dimension)
);
INSERT INTO image_embeddings VALUES (DATE '2024-06-13', 'a', 'a', 'a', 'a', 'a', 'a', 1, [1.0]::FLOAT[]);
CREATE TABLE summaries (
    crawl_date DATE NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    has_text BOOLEAN NOT NULL,
    n_characters BIGINT NOT NULL,
    removed_words VARCHAR[] NOT NULL,
    removed_platform_suffix BOOLEAN NOT NULL
);
INSERT INTO summaries VALUES (DATE '2024-06-13', 'a', 'a', 'a', true, 1, ['a'], true);
CREATE TABLE text_embeddings (
    crawl_date DATE NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    text_sha256 VARCHAR NOT NULL,
    token_sha256 VARCHAR NOT NULL,
    n_tokens BIGINT NOT NULL,
    n_chunks BIGINT NOT NULL,
    encoder VARCHAR NOT NULL,
    encoder_version VARCHAR NOT NULL,
    dimension BIGINT NOT NULL,
    embedding FLOAT[] NOT NULL,
    CHECK (len(embedding) = dimension)
);
INSERT INTO text_embeddings VALUES (DATE '2024-06-13', 'a', 'a', 'a', 'a', 1, 1, 'a', 'a', 1, [1.0]::FLOAT[]);
CREATE TABLE k_selection (
    crawl_date DATE NOT NULL,
    modality VARCHAR NOT NULL,
    k BIGINT NOT NULL,
    inertia DOUBLE NOT NULL,
    silhouette DOUBLE,
    stability DOUBLE,
    half_stability DOUBLE,
    chosen BOOLEAN NOT NULL,
    chosen_by VARCHAR,
    reason VARCHAR,
    knee_strength DOUBLE,
    knee_sensitivity DOUBLE,
    knee_lowest BIGINT,
    knee_highest BIGINT,
    knee_n_found BIGINT,
    knee_n_curves BIGINT,
    n_items BIGINT NOT NULL,
    n_distinct BIGINT NOT NULL,
    encoder VARCHAR NOT NULL,
    window_start DATE NOT NULL,
    CHECK (chosen = (reason IS NOT NULL))
);
INSERT INTO k_selection VALUES (DATE '2024-06-13', 'text', 1, 0.5, 0.5, 0.5, 0.5, true, 'knee', 'why', 0.5, 0.5, 1, 1, 1, 1, 1, 1, 'a', DATE '2024-06-13');
CREATE TABLE clusters (
    crawl_date DATE NOT NULL,
    modality VARCHAR NOT NULL,
    cluster_id BIGINT NOT NULL,
    post_id VARCHAR NOT NULL,
    poster_id VARCHAR NOT NULL,
    frame VARCHAR,
    distance DOUBLE NOT NULL,
    rank_in_cluster BIGINT NOT NULL,
    item_crawl_date DATE NOT NULL,
    encoder VARCHAR NOT NULL,
    CHECK ((modality = 'text') = (frame IS NULL))
);
INSERT INTO clusters VALUES (DATE '2024-06-13', 'image', 1, 'a', 'a', 'a', 0.5, 1, DATE '2024-06-13', 'a');
CREATE TABLE crosstab_ratios (
    crawl_date DATE NOT NULL,
    unit VARCHAR NOT NULL,
    image_cluster BIGINT NOT NULL,
    text_cluster BIGINT,
    n BIGINT NOT NULL,
    ratio DOUBLE,
    rank BIGINT,
    n_with_text BIGINT NOT NULL,
    n_without_text BIGINT NOT NULL,
    n_images BIGINT NOT NULL,
    n_posts BIGINT NOT NULL,
    n_posters BIGINT NOT NULL,
    low_support BOOLEAN NOT NULL,
    CHECK ((text_cluster IS NULL) = (n = 0)),
    CHECK ((text_cluster IS NULL) = (ratio IS NULL))
);
INSERT INTO crosstab_ratios VALUES (DATE '2024-06-13', 'image', 1, 1, 1, 0.5, 1, 1, 1, 1, 1, 1, true);
CREATE TABLE method_comparison (
    crawl_date DATE NOT NULL,
    modality VARCHAR NOT NULL,
    experiment VARCHAR NOT NULL,
    variant VARCHAR NOT NULL,
    is_used BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    parameters VARCHAR,
    encoder VARCHAR,
    n_items BIGINT NOT NULL,
    n_items_all BIGINT NOT NULL,
    n_clusters BIGINT,
    noise_share DOUBLE,
    silhouette DOUBLE,
    stability DOUBLE,
    stability_spread DOUBLE,
    agreement_kmeans DOUBLE,
    agreement_dbscan DOUBLE,
    agreement_optics DOUBLE,
    agreement_hdbscan DOUBLE,
    poster_agreement DOUBLE,
    poster_neighbours DOUBLE,
    poster_neighbours_expected DOUBLE,
    cross_agreement DOUBLE,
    cross_spread DOUBLE,
    background_agreement DOUBLE,
    background_spread DOUBLE,
    copied_neighbours DOUBLE,
    seconds DOUBLE,
    verdict VARCHAR,
    CHECK ((status = 'run') = (n_clusters IS NOT NULL))
);
INSERT INTO method_comparison VALUES (DATE '2024-06-13', 'image', 'a', 'a', true, 'run', 'a', 'a', 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 'a');
CREATE TABLE charts (
    crawl_date DATE NOT NULL,
    name VARCHAR NOT NULL,
    part BIGINT NOT NULL,
    title VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    n_bytes BIGINT NOT NULL
);
INSERT INTO charts VALUES (DATE '2024-06-13', 'a', 1, 'a', 'a', 'a', 1, 1, 1);
CREATE TABLE rejects (
    crawl_date DATE NOT NULL,
    asset VARCHAR NOT NULL,
    source_file VARCHAR NOT NULL,
    source_row BIGINT,
    post_id VARCHAR,
    reason VARCHAR NOT NULL
);
INSERT INTO rejects VALUES (DATE '2024-06-13', 'a', 'a', 1, 'a', 'a');
