"""What the server of forks (processes) imports last: the shortcuts of tests are in force in all that it forks."""

from mkt_assets_tests.shortcuts import take_for_good

take_for_good()
