"""The long runs: `python -m tests.faults campaign 10000`."""

import argparse
import sys

from tests.faults import campaign, figures, load


def main() -> int:
    """Run what the command line names; 1 where something complains."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("campaign", help="faults of hosts and clients, from a seed")
    one.add_argument("number", type=int, help="requests")
    ends = commands.add_parser("cuts", help="answers that are cut at one byte after the other")
    ends.add_argument("number", type=int, help="places")
    many = commands.add_parser("soak", help="campaigns against one gateway; does it grow?")
    many.add_argument("number", type=int, help=f"batches of {load.BATCH} requests")
    for command in (one, many):
        command.add_argument("--seed", type=int, default=1)
    commands.add_parser("overload", help="how long refusals take, where too many come")
    commands.add_parser("bodies", help="how long the event loop computes for large bodies")
    commands.add_parser("leaving", help="how soon an upstream sees that a client has left")
    killed = commands.add_parser("crashes", help="what is lost where the gateway is killed")
    killed.add_argument("number", type=int, help="times")
    late = commands.add_parser("slow", help="when slow clients are hung up on")
    late.add_argument("number", type=int, help="clients")
    dear = commands.add_parser("hostile", help="dear schemas and documents beside a good client")
    dear.add_argument("--only", default="", metavar="WORDS", help="those with this in their names")
    chosen = parser.parse_args()
    match chosen.command:
        case "campaign":
            return _told(campaign.run(chosen.seed, chosen.number))
        case "cuts":
            return _told(campaign.run_cases(list(campaign.cuts(chosen.number))))
        case "soak":
            return 0 if load.soak(chosen.seed, chosen.number) else 1
        case "overload":
            figures.overload()
        case "bodies":
            figures.bodies()
        case "leaving":
            figures.leaving()
        case "crashes":
            figures.crashes(chosen.number)
        case "slow":
            figures.slow(chosen.number)
        case _:
            load.hostile(chosen.only)
    return 0


def _told(report: campaign.Report) -> int:
    print(report)
    return 1 if report.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
