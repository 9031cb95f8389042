"""Quality: run the suites of `expectations/`, guard volume and match, and give every delivery one verdict.

Belongs here: the Great Expectations bridge, facts about a delivery as a whole, findings made of both, the verdict.
Never here: a change of data; what a verdict means for the marts is decided by the scope of the build.
"""
