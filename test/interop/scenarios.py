"""What the scripts that run an official SDK for Python share: each scenario is a function, its result a JSON value."""

import asyncio
import json
import traceback

# Streams at once.
MANY = 32


def failure_of(work, is_own):
    """What `work` gives, or whether it is an error of the SDK that ends it."""
    try:
        return {"pieces": work()}
    except Exception as error:
        return {"error": True, "api": is_own(error)}


def many(open_client, ask):
    """Asks over one client at once; `ask` takes the client and a number."""

    async def gather():
        async with open_client() as client:
            return await asyncio.gather(*(ask(client, index) for index in range(MANY)))

    return asyncio.run(gather())


def run(scenarios):
    """Prints one JSON document, result by scenario; of one that fails its traceback."""
    results = {}
    for name, scenario in scenarios.items():
        try:
            results[name] = scenario()
        except Exception:
            results[name] = {"failure": traceback.format_exc()}
    print(json.dumps(results))
