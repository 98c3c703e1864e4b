#!/usr/bin/env python3
"""Makes orders.jsonl: orders, one a line, the same ones each time. What an order's fate will be is written in the order.

    generate.py [COUNT [SEED]] > orders.jsonl

Of a thousand about 62 in 100 go through at once. Of the others: the bank is away for an attempt or more, or for good
("charge_failures"), the card is declined ("card":"declined"), a line is sold out ("stock"), the carrier never answers
("slow":true with a second's patience), somebody must look at it first ("hold":true), or there is nothing in it."""
import json
import random
import sys

COUNT = 1000
SEED = 1
SKUS = ("apple", "bolt", "cup", "desk", "eraser", "fern", "glove", "hammer", "ink", "jar")
CARRIERS = ("dhl", "ups", "gls", "post")

# Fate and its share of a hundred.
FATES = (("plain", 62), ("bank away once", 8), ("bank away twice", 4), ("bank away for good", 3), ("declined", 7), ("sold out", 7),
         ("slow", 5), ("empty", 2), ("hold", 2))


def make_order(number, chance):
    fate = chance.choices([name for name, _ in FATES], [share for _, share in FATES])[0]
    lines = [{"sku": chance.choice(SKUS), "quantity": chance.randint(1, 3), "stock": chance.randint(3, 9)}
             for _ in range(chance.randint(1, 4))]
    total = sum(line["quantity"] * chance.randint(100, 9999) for line in lines)
    order = {
        "id": f"o-{number:05d}",
        "customer": f"customer {chance.randint(1, 400)}",
        "lines": lines,
        "total": total / 100,
        "payment": {"card": f"4{chance.randrange(10**15):015d}", "charge_failures": 0},
        "pack_seconds": chance.choice((0, 0, 0, 1, 1, 2)),
        "delivery": {"carrier": chance.choice(CARRIERS), "answer_within_seconds": 3600, "slow": False},
    }
    if fate == "bank away once":
        order["payment"]["charge_failures"] = 1
    elif fate == "bank away twice":
        order["payment"]["charge_failures"] = 2
    elif fate == "bank away for good":
        order["payment"]["charge_failures"] = 9
    elif fate == "declined":
        order["payment"]["card"] = "declined"
    elif fate == "sold out":
        lines[chance.randrange(len(lines))]["stock"] = 0
    elif fate == "slow":
        order["delivery"].update(answer_within_seconds=1, slow=True)
    elif fate == "empty":
        order.update(lines=[], total=0)
    elif fate == "hold":
        order["hold"] = True
    return order


def make_orders(count=COUNT, seed=SEED):
    chance = random.Random(seed)
    return [make_order(number, chance) for number in range(1, count + 1)]


def main(arguments):
    for order in make_orders(*map(int, arguments)):
        print(json.dumps(order, separators=(",", ":")))


if __name__ == "__main__":
    main(sys.argv[1:])
