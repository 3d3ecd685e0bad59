"""The pages of the explorer that tests look at: at least one of every template and of every kind of thing."""

from __future__ import annotations

from urllib.parse import quote

FLAGPOLING = (
    "citizenships=IND&held_temporary_status_in_canada_on_departure=yes&trip_only_us_or_spm=yes"
    "&held_permit_or_tr_authorization_before_trip=yes&returns_within_authorized_stay=yes"
    "&purpose_is_immigration_service=yes&ordinarily=yes&action=apply-work-permit-poe"
)

ROWS = """# view: chart of=?layer value=?versions
SELECT ?layer (COUNT(?version) AS ?versions)
WHERE { ?version a inf:RuleVersion ; inf:layer ?layer }
GROUP BY ?layer ORDER BY ?layer"""

PAGES = {
    "home": "/",
    "check": f"/check?on=2024-12-24&{FLAGPOLING}",
    "check-open": "/check?citizenships=FRA&on=2025-05-01",
    "check-needed": "/check?action=trv-needed&citizenships=MEX&on=2024-03-01&ordinarily=yes",
    "check-month": "/check?citizenships=FRA&on=2024-12",
    "check-may": f"/check?on=2024-12-23&{FLAGPOLING}",
    "check-not-covered": "/check?citizenships=FRA&on=2001-01-01",
    "rule": "/rule/R-WP-198-2A",
    "rule-on": "/rule/R-WP-FLAG-2024@2024-12-24",
    "rule-not-then": "/rule/R-WP-FLAG-2024?on=2010-01-01",
    "provision": "/provision/irpr/198/2/a@2024-12-24",
    "law": "/law/irpr",
    "instrument": "/instrument/SOR/2024-258",
    "nationality": "/nationality/MEX",
    "program": "/program/CUSMA",
    "exemption": "/exemption/C10",
    "source": "/source/S-OB686",
    "passage": "/source/S-OB686/details",
    "change": "/change/E2024-02-29-mexico",
    "conflict": "/conflict/C-01",
    "claim": "/claim/C-01-OB686",
    "list": "/list/visa-exempt",
    "membership": "/list/visa-exempt/MEX/2002-06-28",
    "fact": "/fact/citizenships",
    "action": "/action/eta-needed",
    "condition": "/condition/D-FLAGPOLING-2024",
    "class": "/class/DIPLOMATIC",
    "port": "/port/POE-PEACE",
    "category": "/category/CAREGIVER",
    "evidence": "/evidence/eta",
    "constraint": "/constraint/by-land-from-us",
    "layer": "/layer/designation",
    "changes": "/changes?about=Mexico",
    "conflicts": "/conflicts",
    "diff-form": "/diff",
    "diff": "/diff/2024-12-23..2024-12-24",
    "diff-many": "/diff/2015-01-01..2025-01-31",
    "diff-text": "/diff/2017-05-04..2017-05-05?of=IRPR+198(2)(a)",
    "matrix": "/matrix?on=2024-03-01&against=2024-02-28&show=changed",
    "timeline": "/timeline?name=R-WP-198-2A",
    "trace": "/trace?name=R-WP-FLAG-2024",
    "search": "/search?q=flagpoling",
    "all": "/all",
    "all-rules": "/all/rules",
    "queries": "/queries",
    "query": "/queries/list-history?entry=MEX",
    "query-chart": "/queries/changes-between?from=2024-11-01&to=2025-02-28",
    "sparql": "/sparql",
    "sparql-rows": "/sparql?query=" + quote(ROWS),
    "sparql-graph": "/sparql?query=" + quote("DESCRIBE rule:R-WP-FLAG-2024"),
}
"""Pages by a short name; each answers 200."""
FAILING = {
    "not-found": "/rule/R-WP-198-2",
    "not-a-day": "/check?on=2023-02-29",
    "no-such-fact": "/check?citizen=FRA",
    "no-page": "/nothing/here",
    "query-failing": "/queries/list-history?entry=Atlantis",
    "sparql-wrong": "/sparql?query=" + quote("SELECT ?x { ?x a }"),
    "sparql-refused": "/sparql?query=" + quote("DROP ALL"),
    "compare-wrong": "/diff/2024-12-24..2024-12-23",
}
"""Pages of what went wrong."""
