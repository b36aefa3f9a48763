"""Where items lie in the plane.

Not here: drawing them (charts/maps, report/scripts), which clusters they are in (core/clustering).
"""
