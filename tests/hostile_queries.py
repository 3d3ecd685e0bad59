"""Queries that never end or take all memory, and how long a server may take to end them."""

from __future__ import annotations

import os

MARGIN = 0.5
SLACK = float(os.environ.get("INFORCE_SLACK", "1.0"))  # what a busy machine may add, in seconds

PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
ALL = "CONCAT(STR(?a), STR(?d), STR(?g))"
RUNAWAYS = [
    f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }}",
    f"SELECT (COUNT(DISTINCT ?a) AS ?n) {{ {PRODUCT} FILTER(?a != ?d && ?d != ?g) }}",
    f"SELECT (SUM(STRLEN(STR(?c))) AS ?n) {{ {PRODUCT} }}",
    f"SELECT (MAX(?c) AS ?n) {{ {PRODUCT} }} GROUP BY ?nothing",
    f"SELECT (SAMPLE(?c) AS ?n) {{ {PRODUCT} }}",
    f"ASK {{ {PRODUCT} FILTER({ALL} = 'never') }}",
    f"SELECT * {{ {PRODUCT} FILTER(STRLEN({ALL}) < -1) }}",
    f"SELECT * {{ {PRODUCT} FILTER(REGEX({ALL}, 'zzzzzz$')) }}",
    f"SELECT * {{ {PRODUCT} }} ORDER BY ?nothing OFFSET 90000000000 LIMIT 1",
    f"SELECT * {{ {PRODUCT} }} OFFSET 90000000000 LIMIT 1",
    f"SELECT DISTINCT (1 AS ?one) {{ {PRODUCT} }}",
    f"SELECT (COUNT(*) AS ?n) {{ {{ {PRODUCT} }} UNION {{ {PRODUCT} }} }}",
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f . ?g ?h ?i } }",
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c MINUS { ?d ?e ?f . ?g ?h ?i FILTER(?d = ?h) } ?x ?y ?z }",
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c FILTER NOT EXISTS { ?d ?e ?f . ?g ?h ?i FILTER(?f = ?nothing) } }",
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?c ?x ?d . ?f ?y ?a . ?x ?z ?y } }",
    "SELECT (COUNT(*) AS ?n) { ?a (!<x:p>)* ?b . ?c (!<x:p>)* ?d }",
    "SELECT (COUNT(*) AS ?n) { ?a (!<x:p>|^!<x:p>)+ ?b }",
    "SELECT (COUNT(*) AS ?n) { ?a (!<x:p>/!<x:p>/!<x:p>/!<x:p>/!<x:p>)* ?b }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } GRAPH ?i { ?j ?k ?l } }",
    f"SELECT (COUNT(*) AS ?n) {{ {{ SELECT * {{ {PRODUCT} }} }} }}",
    f"SELECT ?a (COUNT(*) AS ?n) {{ {PRODUCT} }} GROUP BY ?a HAVING(COUNT(*) < 0)",
    f"CONSTRUCT {{ ?a <x:p> 1 }} {{ {PRODUCT} FILTER({ALL} = 'never') }}",
    f"DESCRIBE ?a {{ {PRODUCT} FILTER({ALL} = 'never') }}",
    f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} BIND(SHA512(CONCAT(STR(?c), STR(?f))) AS ?x) FILTER(?x = 'no') }}",
    f"SELECT (COUNT(*) AS ?n) {{ {PRODUCT} BIND(REPLACE(STR(?c), 'a', STR(?f)) AS ?x) FILTER(?x = 'no') }}",
    f"SELECT (AVG(?n) AS ?m) {{ {{ SELECT ?a (COUNT(*) AS ?n) {{ {PRODUCT} }} GROUP BY ?a }} }}",
    f"SELECT (COUNT(*) AS ?n) {{ VALUES (?u ?v) {{ (1 2) (3 4) (UNDEF 5) }} {PRODUCT} FILTER(?u > ?v || !BOUND(?u)) }}",
    "SELECT (COUNT(*) AS ?n) { ?a a ?t . ?b a ?t . ?c a ?t . ?d a ?t FILTER(?a != ?b && STR(?a) = STR(?d)) }",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?o . ?b ?p ?o2 . ?c ?p ?o3 FILTER(?o = ?o2 && ?o2 = ?o3 && ?a != ?b) }",
]  # fmt: skip
BOMBS = [
    "SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f LIMIT 1",
    "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?c), STR(?d), STR(?f))) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "SELECT ?a ?d (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?d ?b ?e",
    "SELECT (COUNT(DISTINCT CONCAT(STR(?a), STR(?d))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
]
