"""`make cluster`: the assets through Postgres, S3 and Ray on this machine, compared with the embedded default.

Not here: the servers by themselves (lakes, stores), what one part of a cluster does (resources/, compute/).
"""
