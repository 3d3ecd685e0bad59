"""Changes to ``tests/bad/good.ttl``, each of which makes one thing wrong: what is replaced, by what, and what is found.

Used by ``test_check.py``: one file a case, all validated in one go, so that the package is read once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bad:
    """One fault. The line expected is that of the block that holds ``old``, or of the block that starts with ``at``."""

    name: str
    old: str
    new: str
    code: str
    says: str
    at: str = ""
    # Other findings that the same fault cannot but cause, by code.
    also: tuple[str, ...] = ()


EN, FR = '"@en ,', '"@fr ;'
BAR = "<rule/BAR-NAME/2020-01-04> a inf:RuleVersion"
BAR2 = "<rule/BAR-NAME/2022-01-01> a inf:RuleVersion"
WHEN = "inf:when [ inf:fact fact:has_duck_NAME ; inf:isTrue true ] ;"
FLIES = "    inf:anyOf (\n        [ inf:fact fact:duck_kind_NAME ; inf:is value:eider-NAME ]"
DAYS = (
    "2023-02-29 2024-02-30 2024-13-01 2024-00-10 2024-01-00 2024-01-32 2024-1-1 24-01-01 20240101 2024-W52-2 2024-366 "
    "2024/01/01 01/02/2024 2024-01-01Z 2024-01-01-05:00 +2024-01-01 -2024-01-01 0000-01-01 0001-01-01 10000-01-01 "
    "1799-12-31 2200-01-01 2024-01 2024 2024-01-01T00:00:00 today １２３４-01-01 ２０２４-０１-０１ ٢٠٢٤-٠١-٠١ 2024-01-0１"
).split()
SPACED_DAYS = [" 2024-01-01", "2024-01-01 ", "2024 -01-01", "2024-01-01\\n", "2024\u201301\u201301", "1 January 2024", ""]
INSTANTS = [
    "2022-01-01T09:00:00", "2022-01-01T24:00:00-05:00", "2022-01-01T09:00-05:00", "2022-01-01 09:00:00-05:00",
    "2022-01-01T09:60:00-05:00", "2022-01-01T09:00:00-0500", "2022-02-30T09:00:00-05:00", "2022-01-01T09:00:00.5-05:00",
]  # fmt: skip

SHAPES = [
    # rules
    Bad("rule without a French label", 'rdfs:label "No ducks"@en , "Pas de canards"@fr ;\n    skos', 'rdfs:label "No ducks"@en ;\n    skos', "E_PARITY", "in French"),
    Bad("rule without an English label", 'rdfs:label "No ducks"@en , "Pas de canards"@fr ;\n    skos', 'rdfs:label "Pas de canards"@fr ;\n    skos', "E_PARITY", "in English"),
    Bad("rule with two English labels", 'rdfs:label "No ducks"@en , "Pas de canards"@fr ;\n    skos', 'rdfs:label "No ducks"@en , "No ducks!"@en , "Pas de canards"@fr ;\n    skos', "E_PARITY", "one label for each language"),
    Bad("rule with an untagged label", 'rdfs:label "No ducks"@en , "Pas de canards"@fr ;\n    skos', 'rdfs:label "No ducks"@en , "Pas de canards"@fr , "Ducks" ;\n    skos', "E_PARITY", "one label for each language"),
    Bad("label in no language", '"Pas de canards"@fr ;\n    skos', '"Pas de canards"@fr , "Ducks"@english ;\n    skos', "E_PARITY", "write @en or @fr"),
    Bad("rule without its id", '    skos:notation "BAR-NAME" .', "    .", "E_SHAPE", "one skos:notation"),
    Bad("rule with two ids", 'skos:notation "BAR-NAME" .', 'skos:notation "BAR-NAME" , "B-NAME" .', "E_SHAPE", "one skos:notation"),
    Bad("rule without a version", 'rule:BAR-NAME a inf:Rule ;', 'rule:OTHER-NAME a inf:Rule ; rdfs:label "O"@en , "O"@fr ; skos:notation "O-NAME" .\n\nrule:BAR-NAME a inf:Rule ;', "E_SHAPE", "needs at least one version", at="rule:OTHER-NAME"),
    # versions
    Bad("version of no rule", "    inf:versionOf rule:LIFT-NAME ;\n", "", "E_SHAPE", "names its rule once", also=("E_SHAPE@rule:LIFT",)),
    Bad("version of two rules", "inf:versionOf rule:LIFT-NAME ;", "inf:versionOf rule:LIFT-NAME , rule:R-WP-197 ;", "E_SHAPE", "names its rule once", also=("E_OVERLAP",)),
    Bad("version of a layer", "inf:versionOf rule:LIFT-NAME ;", "inf:versionOf rule:LIFT-NAME , layer:NAME ;", "E_SHAPE", "names its rule once"),
    Bad("version without effect", "    inf:effect inf:Permit ;\n", "", "E_SHAPE", "inf:Permit, inf:Bar, inf:Exempt or inf:Require"),
    Bad("version with two effects", "inf:effect inf:Permit ;", "inf:effect inf:Permit , inf:Bar ;", "E_SHAPE", "one inf:effect"),
    Bad("version with an outcome for effect", "inf:effect inf:Permit ;", "inf:effect inf:May ;", "E_SHAPE", "found inf:May"),
    Bad("version with text for effect", "inf:effect inf:Permit ;", 'inf:effect "permit" ;', "E_SHAPE", 'found "permit"'),
    Bad("version without action", "    inf:effect inf:Permit ;\n    inf:action action:enter-NAME ;\n", "    inf:effect inf:Permit ;\n", "E_SHAPE", "at least one inf:action"),
    Bad("version with a layer for action", "    inf:effect inf:Permit ;\n    inf:action action:enter-NAME ;\n", "    inf:effect inf:Permit ;\n    inf:action layer:NAME ;\n", "E_SHAPE", "found layer:"),
    Bad("version without layer", "    inf:layer layer:regulation ;\n", "", "E_SHAPE", "one inf:layer"),
    Bad("version in two layers", "inf:layer layer:regulation ;", "inf:layer layer:regulation , layer:act ;", "E_SHAPE", "one inf:layer"),
    Bad("version without condition", f"    {WHEN}\n", "", "E_SHAPE", "one inf:when"),
    Bad("version with two conditions", WHEN, f"{WHEN} inf:when cond:FLIES-NAME ;", "E_SHAPE", "one inf:when"),
    Bad("version with text for condition", WHEN, 'inf:when "always" ;', "E_SHAPE", "one inf:when", also=("E_CONDITION",)),
    Bad("version that defeats a version", "inf:defeats rule:BAR-NAME ;", "inf:defeats <rule/BAR-NAME/2022-01-01> ;", "E_SOURCE", "not their versions"),
    Bad("version that expresses a version", "inf:expresses <duckr/NAME> ;", "inf:expresses <duckr/NAME/2020-01-04> ;", "E_SOURCE", "names a provision"),
    Bad("version enabled by a source", "inf:enabledBy <irpr/26.1> ;", "inf:enabledBy source:S-NAME ;", "E_SOURCE", "the provision that gives the power"),
    Bad("version by a source for instrument", "inf:instrument <instrument/NAME/1> ;\n    prov", "inf:instrument source:S-NAME ;\n    prov", "E_SOURCE", "an inf:Instrument"),
    Bad("version without source", "    inf:from \"2021-01-01\"^^xsd:date ;\n    prov:wasDerivedFrom <source/S-NAME/l1> .", '    inf:from "2021-01-01"^^xsd:date .', "E_SOURCE", "rests on a source"),
    Bad("version from a source that is no passage", "prov:wasDerivedFrom <source/S-NAME/l1> ;\n    dct:id", "prov:wasDerivedFrom source:S-NAME ;\n    dct:id", "E_SOURCE", "names a passage"),
    Bad("version with a number for identifier", 'dct:identifier "BAR-NAME-1"', "dct:identifier 1", "E_SHAPE", "one plain string"),
    Bad("version that never starts", '    inf:from "2021-01-01"^^xsd:date ;\n', "", "E_INTERVAL", "since when"),
    Bad("contested in quotes", "inf:contested false", 'inf:contested "false"', "E_SHAPE", "without quotes"),
    Bad("contested both ways", "inf:contested false", "inf:contested false , true", "E_SHAPE", "at most once"),
    Bad("applied by default as a number", "inf:appliesByDefault true", "inf:appliesByDefault 1", "E_SHAPE", "true or false"),
    Bad("confidence in other words", 'inf:confidence "low"', 'inf:confidence "maybe"', "E_SHAPE", '"high", "medium", "low"'),
    # conditions
    Bad("condition without a French label", '"Flies"@en , "Vole"@fr', '"Flies"@en', "E_PARITY", "in French"),
    Bad("condition without operator", FLIES, '    skos:note "empty" .\n\n<genus/NAME> skos:note (\n        [ inf:fact fact:duck_kind_NAME ; inf:is value:eider-NAME ]', "E_CONDITION", "a condition is one of", at="cond:FLIES-NAME"),
    Bad("condition with two operators", FLIES, "    inf:not cond:D-VISA-EXEMPT ;\n" + FLIES, "E_CONDITION", "a condition is one of"),
    Bad("condition that is a word", WHEN, "inf:when [ skos:note \"nothing\" ] ;", "E_CONDITION", "a condition is one of"),
    Bad("condition that is a place", WHEN, "inf:when place:FRA ;", "E_CONDITION", "inf:when names place:FRA"),
    Bad("test of no fact", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ]", "[ inf:inList list:NAME ]", "E_CONDITION", "inf:fact"),
    Bad("test of two facts", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ]", "[ inf:fact fact:duck_port_NAME , fact:duck_kind_NAME ; inf:inList list:NAME ]", "E_CONDITION", "one inf:fact"),
    Bad("test of a condition", WHEN, "inf:when [ inf:fact cond:FLIES-NAME ; inf:isTrue true ] ;", "E_CONDITION", "an inf:Fact"),
    Bad("fact without test", WHEN, "inf:when [ inf:fact fact:has_duck_NAME ] ;", "E_CONDITION", "has one test"),
    Bad("fact with two tests", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ]", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ; inf:is place:FRA ]", "E_CONDITION", "has one test"),
    Bad("truth in quotes", WHEN, WHEN.replace("true", '"true"'), "E_CONDITION", "without quotes"),
    Bad("truth in other words", WHEN, WHEN.replace("true", '"yes"^^xsd:boolean'), "E_CONDITION", "true or false"),
    Bad("value as text", "inf:is value:eider-NAME ]\n        [ inf:fact fact:duck_port", 'inf:is "eider" ]\n        [ inf:fact fact:duck_port', "E_CONDITION", "as an IRI"),
    Bad("list as text", "inf:in ( place:FRA place:ITA )", 'inf:in "FRA, ITA"', "E_CONDITION", "a list of values"),
    Bad("list that is a place", "inf:inList list:NAME", "inf:inList place:FRA", "E_CONDITION", "an inf:DatedList"),
    Bad("scheme that is a rule", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ]", "[ inf:fact fact:duck_port_NAME ; inf:inScheme rule:BAR-NAME ]", "E_CONDITION", "names a concept"),
    # facts
    Bad("fact without a French label", '"Duck"@en , "Canard"@fr', '"Duck"@en', "E_PARITY", "a label in French"),
    Bad("fact without a French question", '"Which duck?"@en , "Quel canard ?"@fr', '"Which duck?"@en', "E_PARITY", "a question in French"),
    Bad("fact without an English question", '"Which duck?"@en , "Quel canard ?"@fr', '"Quel canard ?"@fr', "E_PARITY", "a question in English"),
    Bad("fact with an untagged question", '"Which duck?"@en ,', '"Which duck?"@en , "Duck?" ,', "E_PARITY", "one question for each language"),
    Bad("fact with a name that cannot be typed", '"has_duck_name"', '"Has duck NAME!"', "E_SHAPE", "lower case with underscores"),
    Bad("fact without kind", "    inf:valueType inf:Boolean ;\n", "", "E_SHAPE", "inf:Boolean, inf:Choice, inf:Number or inf:Date"),
    Bad("fact of another vocabulary's kind", "inf:valueType inf:Boolean ;", "inf:valueType xsd:boolean ;", "E_SHAPE", "found xsd:boolean"),
    Bad("many in quotes", "inf:multiple true", 'inf:multiple "true"', "E_SHAPE", "without quotes"),
    Bad("changeable as a word", "inf:changeable true", 'inf:changeable "perhaps"', "E_SHAPE", "true or false"),
    Bad("following the day as a number", "inf:changeable true", "inf:changeable true ; inf:followsDay 7", "E_SHAPE", "inf:followsDay is true or false"),
    Bad("two ordinary values", "inf:ordinarily false", "inf:ordinarily false , true", "E_SHAPE", "at most one ordinary value"),
    Bad("allowed value that is a fact", "inf:allowedValue value:eider-NAME ,", "inf:allowedValue value:eider-NAME , fact:has_duck_NAME ,", "E_SOURCE", "a skos:Concept"),
    Bad("values from a rule", "inf:valuesFrom place:scheme", "inf:valuesFrom rule:BAR-NAME", "E_SOURCE", "a skos:ConceptScheme"),
    Bad("cost out of range", "inf:cost 2", "inf:cost 10", "E_SHAPE", "from 1 to 9"),
    Bad("cost in quotes", "inf:cost 2", 'inf:cost "2"', "E_SHAPE", "whole number"),
    Bad("order that is no number", "inf:order 900", "inf:order 1.5", "E_SHAPE", "inf:order is a whole number"),
    # actions, layers, lists
    Bad("action without answers", "    inf:answers inf:May ; inf:default inf:MayNot", "    inf:default inf:MayNot", "E_SHAPE", "inf:May or inf:Required"),
    Bad("action without default", "inf:answers inf:May ; inf:default inf:MayNot ;", "inf:answers inf:May ;", "E_SHAPE", "one inf:default"),
    Bad("action that answers an effect", "inf:answers inf:May ;", "inf:answers inf:Bar ;", "E_SHAPE", "found inf:Bar"),
    Bad("action without label", '    rdfs:label "Enter with a duck"@en , "Entrer avec un canard"@fr ;\n', "", "E_PARITY", "needs a label"),
    Bad("action in no order", "inf:order 90 .", 'inf:order "ninety" .', "E_SHAPE", "inf:order is a whole number"),
    Bad("layer without rank", '"Usage des canards"@fr ;\n    inf:rank 5 .', '"Usage des canards"@fr .', "E_SHAPE", "one inf:rank"),
    Bad("layer with a word for rank", '"Usage des canards"@fr ;\n    inf:rank 5 .', '"Usage des canards"@fr ;\n    inf:rank "five" .', "E_SHAPE", "a whole number"),
    Bad("list without name", '"Lieux des canards"@fr ;\n    skos:notation "list-NAME" .', '"Lieux des canards"@fr .', "E_SHAPE", "its name"),
    Bad("entry on no list", "    inf:list list:NAME ;\n    inf:entry place:FRA ;\n    inf:from \"2020", "    inf:entry place:FRA ;\n    inf:from \"2020", "E_SHAPE", "one inf:list"),
    Bad("entry of nothing", "    inf:entry place:FRA ;\n    inf:from \"2020", "    inf:from \"2020", "E_SOURCE", "one inf:entry"),
    Bad("entry that is text", "    inf:entry place:FRA ;\n    inf:from \"2020", "    inf:entry \"FRA\" ;\n    inf:from \"2020", "E_SOURCE", "a concept such as place:CODE"),
    Bad("entry that never starts", "    inf:entry place:FRA ;\n    inf:from \"2020-01-04\"^^xsd:date ;\n", "    inf:entry place:FRA ;\n", "E_INTERVAL", "since when"),
    Bad("entry without source", '"2021-12-01"^^xsd:date ;\n    inf:instrument <instrument/NAME/1> .', '"2021-12-01"^^xsd:date .', "E_SOURCE", "rests on a source"),
    Bad("entry by no instrument", '"2021-12-01"^^xsd:date ;\n    inf:instrument <instrument/NAME/1> .', '"2021-12-01"^^xsd:date ;\n    inf:instrument layer:NAME .', "E_SOURCE", "an inf:Instrument"),
    Bad("entry that expresses a rule", '"2021-12-01"^^xsd:date ;', '"2021-12-01"^^xsd:date ; inf:expresses rule:BAR-NAME ;', "E_SOURCE", "names a provision"),
    # provisions
    Bad("provision without a French label", '"Duck Regulations 1"@en , "Règlement sur les canards 1"@fr', '"Duck Regulations 1"@en', "E_PARITY", "in French"),
    Bad("provision of no law", "    eli:is_part_of <irpr> ;\n", "", "E_SOURCE", "eli:is_part_of"),
    Bad("provision of two laws", "eli:is_part_of <irpr> ;", "eli:is_part_of <irpr> , <irpa> ;", "E_SOURCE", "part of one other"),
    Bad("provision without citation", '    eli:is_part_of <irpr> ;\n    skos:notation "DUCKR NAME" .', "    eli:is_part_of <irpr> .", "E_SHAPE", "its citation"),
    Bad("wording of nothing", "    dct:isVersionOf <duckr/NAME> ;\n    inf:from \"2020", "    inf:from \"2020", "E_SOURCE", "names one provision", also=("E_INTERVAL",)),
    Bad("wording that never starts", '    dct:isVersionOf <duckr/NAME> ;\n    inf:from "2020-01-04"^^xsd:date ;\n', "    dct:isVersionOf <duckr/NAME> ;\n", "E_INTERVAL", "since when"),
    Bad("wording by no instrument", '    inf:instrument <instrument/NAME/1> ;\n    inf:textD', "    inf:instrument source:S-NAME ;\n    inf:textD", "E_SOURCE", "an inf:Instrument"),
    Bad("wording first seen in a source", "inf:firstSeenIn <snapshot/irpr/en/2021-02-26>", "inf:firstSeenIn source:S-NAME", "E_SOURCE", "inf:firstSeenIn names an inf:Snapshot"),
    Bad("wording last seen in a source", "inf:lastSeenIn <snapshot/irpr/en/2021-02-26>", "inf:lastSeenIn source:S-NAME", "E_SOURCE", "inf:lastSeenIn names an inf:Snapshot"),
    Bad("digest cut short", "5c7e76700a575413a3b5b6c0759b62e486bcfc7f316b711f4e4626bdfcd86aa4", "5c7e7670", "E_SHAPE", "64 hexadecimal digits"),
    Bad("wording without source", '    inf:from "2022-01-01"^^xsd:date ;\n    dct:source source:S-NAME .\n\nfact', '    inf:from "2022-01-01"^^xsd:date .\n\nfact', "E_SOURCE", "where it was read"),
    # instruments, sources, passages
    Bad("instrument without label", '    rdfs:label "Duck Order"@en , "Arrêté sur les canards"@fr ;\n', "", "E_PARITY", "needs a label"),
    Bad("instrument without number", '    skos:notation "Duck Order NAME" ;\n', "", "E_SHAPE", "its number or id"),
    Bad("instrument registered in words", '"2020-01-02"^^xsd:date', '"January 2020"', "E_DATE", "inf:registered is one day"),
    Bad("instrument published in words", '"2020-01-03"^^xsd:date', '"January 2020"', "E_DATE", "inf:published is a day"),
    Bad("instrument in force on an instant", 'inf:inForce "2020-01-04"^^xsd:date', 'inf:inForce "2020-01-04T00:00:00-05:00"^^xsd:dateTime', "E_DATE", "inf:inForce is a day"),
    Bad("instrument read in a passage", '    dct:source source:S-NAME ;\n    inf:confidence "high"', '    dct:source <source/S-NAME/l1> ;\n    inf:confidence "high"', "E_SOURCE", "dct:source names an inf:Source"),
    Bad("source without title", '    dct:title "Ducks at the border: a notice" ;\n', "", "E_SHAPE", "a dct:title"),
    Bad("source without rank", "    inf:rank 5 ;\n    rdfs:see", "    rdfs:see", "E_SHAPE", "from 1 (law) to 6"),
    Bad("source of rank zero", "    inf:rank 5 ;\n    rdfs:see", "    inf:rank 0 ;\n    rdfs:see", "E_SHAPE", "from 1 (law) to 6"),
    Bad("source at a script", "https://ducks.example/notice", "javascript:alert(1)", "E_SOURCE", "https or http"),
    Bad("source at plain text", '"https://ducks.example/notice"^^xsd:anyURI', '"https://ducks.example/notice"', "E_SOURCE", "xsd:anyURI"),
    Bad("passage of nothing", "    oa:hasSource source:S-NAME ;\n", "", "E_SOURCE", "names its source once"),
    Bad("passage of a rule", "    oa:hasSource source:S-NAME ;\n", "    oa:hasSource rule:BAR-NAME ;\n", "E_SOURCE", "names its source once"),
    Bad("passage nowhere", "    oa:hasSource source:S-NAME ;\n    oa:hasSelector [ a oa:FragmentSelector ; rdf:value \"line 1 of NAME\" ] .", "    oa:hasSource source:S-NAME .", "E_SOURCE", "one oa:hasSelector"),
    Bad("passage at an empty place", '"line 1 of NAME"', '""', "E_SOURCE", "where in the source"),
    # claims, conflicts, changes, entailments, constraints, concepts
    Bad("claim without a French label", '"From 5 January"@en , "Dès le 5 janvier"@fr', '"From 5 January"@en', "E_PARITY", "in French"),
    Bad("claim from nowhere", '    inf:claims "2020-01-05"^^xsd:date ; inf:adopted false ;\n    prov:wasQuotedFrom <source/S-NAME/l1> .', '    inf:claims "2020-01-05"^^xsd:date ; inf:adopted false .', "E_SOURCE", "the passage it was read from"),
    Bad("claim in no conflict", 'inf:conflict conflict:NAME ; inf:about <rule/BAR-NAME/2020-01-04> ; inf:property inf:from ;\n    inf:claims "2020-01-05"', 'inf:conflict conflict:NAME , rule:BAR-NAME ; inf:about <rule/BAR-NAME/2020-01-04> ; inf:property inf:from ;\n    inf:claims "2020-01-05"', "E_SOURCE", "an inf:Conflict"),
    Bad("claim adopted in part", "inf:adopted false", 'inf:adopted "partly"', "E_SHAPE", "inf:adopted is true or false"),
    Bad("claim about a text", 'inf:property inf:from ;\n    inf:claims "2020-01-05"', 'inf:property "start" ;\n    inf:claims "2020-01-05"', "E_SHAPE", "inf:property names the term"),
    Bad("claim about words", 'inf:about <rule/BAR-NAME/2020-01-04> ; inf:property inf:from ;\n    inf:claims "2020-01-05"', 'inf:about "ducks" ; inf:property inf:from ;\n    inf:claims "2020-01-05"', "E_SHAPE", "the thing the claim is about"),
    Bad("conflict without resolution", "    inf:resolution \"The notice prevails.\"@en , \"L'avis l'emporte.\"@fr .", "    skos:note \"open\" .", "E_PARITY", "a resolution"),
    Bad("conflict without label", '    rdfs:label "Which day"@en , "Quel jour"@fr ;\n', "", "E_PARITY", "needs a label"),
    Bad("conflict of one claim", 'inf:conflict conflict:NAME ; inf:about <rule/BAR-NAME/2020-01-04> ; inf:property inf:from ;\n    inf:claims "2020-01-05"', 'inf:about <rule/BAR-NAME/2020-01-04> ; inf:property inf:from ;\n    inf:claims "2020-01-05"', "E_SOURCE", "at least two claims", at="conflict:NAME"),
    Bad("change on no day", 'inf:date "2020-01-04"^^xsd:date ; inf:kind', "inf:kind", "E_DATE", "one inf:date"),
    Bad("change on a day in words", 'inf:date "2020-01-04"^^xsd:date ;', 'inf:date "early 2020" ;', "E_DATE", "one inf:date"),
    Bad("change of no kind", ' inf:kind "enacted" ;', "", "E_SHAPE", "one inf:kind"),
    Bad("change by nobody", ' inf:authority "regulation" ;', "", "E_SHAPE", "one inf:authority"),
    Bad("change by a rule", '    inf:instrument <instrument/NAME/1> ;\n    inf:affects', "    inf:instrument rule:BAR-NAME ;\n    inf:affects", "E_SOURCE", "an inf:Instrument"),
    Bad("change that supersedes a rule", "inf:affects rule:BAR-NAME ;", "inf:affects rule:BAR-NAME ; inf:supersedes rule:BAR-NAME ;", "E_SOURCE", "another inf:PolicyChange"),
    Bad("change without source", "    inf:affects rule:BAR-NAME ;\n    dct:source source:S-NAME .", "    inf:affects rule:BAR-NAME .", "E_SOURCE", "where it was read"),
    Bad("change without a French label", '"Ducks barred"@en , "Canards refusés"@fr', '"Ducks barred"@en', "E_PARITY", "in French"),
    Bad("entailment of nothing", "    inf:fact fact:has_duck_NAME ; inf:value true ;", "    inf:value true ;", "E_SHAPE", "one inf:fact"),
    Bad("entailment without value", "    inf:fact fact:has_duck_NAME ; inf:value true ;", "    inf:fact fact:has_duck_NAME ;", "E_SHAPE", "one inf:value", also=("E_CONDITION",)),
    Bad("entailment by nothing", " ;\n    inf:entails <entailment/NAME> .", " .", "E_SOURCE", "a concept's inf:entails", at="<entailment/NAME>"),
    Bad("entailment without label", '    rdfs:label "A duck comes with it"@en , "Un canard l\'accompagne"@fr ;\n', "", "E_PARITY", "needs a label"),
    Bad("constraint of nothing", "constraint:NAME a inf:Constraint ;", 'constraint:VOID-NAME a inf:Constraint ; rdfs:label "V"@en , "V"@fr .\n\nconstraint:NAME a inf:Constraint ;', "E_SHAPE", "one inf:excludes", at="constraint:VOID-NAME"),
    Bad("constraint without a French label", '"No duck, no kind of duck"@en , "Sans canard, pas de sorte de canard"@fr', '"No duck, no kind of duck"@en', "E_PARITY", "in French"),
    Bad("concept without a French label", '"Eider"@en , "Eider"@fr', '"Eider"@en', "E_PARITY", "in French"),
    Bad("concept without notation", 'skos:notation "program-NAME" ; ', "", "E_SHAPE", "what a person types"),
    Bad("concept in no scheme", "skos:inScheme program:scheme ; ", "", "E_SOURCE", "in a scheme"),
    Bad("concept under a rule", "skos:broader program:IMP ;", "skos:broader rule:BAR-NAME ;", "E_SOURCE", "skos:broader names a concept"),
    Bad("concept that entails a fact", "inf:entails <entailment/NAME> .", "inf:entails <entailment/NAME> , fact:has_duck_NAME .", "E_SOURCE", "an inf:Entailment"),
    Bad("scheme without label", "value:eider-NAME a", "<scheme/NAME> a skos:ConceptScheme .\n\nvalue:eider-NAME a", "E_PARITY", "needs a label", at="<scheme/NAME>"),
    # dated
    Bad("start as text", 'inf:from "2021-01-01"^^xsd:date', 'inf:from "2021-01-01"', "E_DATE", "the first that counts"),
    Bad("two starts", 'inf:from "2021-01-01"^^xsd:date', 'inf:from "2021-01-01"^^xsd:date , "2021-01-02"^^xsd:date', "E_DATE", "one day, the first that counts"),
    Bad("end as an instant", 'inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses', 'inf:until "2022-01-01T00:00:00-05:00"^^xsd:dateTime ;\n    inf:expresses', "E_DATE", "the first that no longer counts", also=("E_INTERVAL",)),
    Bad("end before the start", 'inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses', 'inf:until "2019-01-01"^^xsd:date ;\n    inf:expresses', "E_INTERVAL", "before inf:until", also=("E_INTERVAL",)),
    Bad("end on the day of the start", 'inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses', 'inf:until "2020-01-04"^^xsd:date ;\n    inf:expresses', "E_INTERVAL", "before inf:until", also=("E_INTERVAL",)),
    Bad("start known in words", 'inf:from "2021-01-01"^^xsd:date ;', 'inf:from "2021-01-01"^^xsd:date ; inf:startKnownFrom "soon" ;', "E_DATE", "inf:startKnownFrom is one day"),
    Bad("end known in words", 'inf:endKnownFrom "2021-12-01"^^xsd:date', 'inf:endKnownFrom "late"', "E_DATE", "inf:endKnownFrom is one day"),
    Bad("hour as text", '"2022-01-01T09:00:00-05:00"^^xsd:dateTime', '"2022-01-01T09:00:00-05:00"', "E_DATE", "one instant with its offset"),
    Bad("hour of the end as a day", 'inf:endKnownFrom "2021-12-01"^^xsd:date', 'inf:endKnownFrom "2021-12-01"^^xsd:date ; inf:endsAt "2022-01-01"^^xsd:date', "E_DATE", "inf:endsAt is one instant"),
    Bad("unknown start in quotes", 'inf:from "2021-01-01"^^xsd:date ;', 'inf:from "2021-01-01"^^xsd:date ; inf:unknownStart "true" ;', "E_SHAPE", "inf:unknownStart is true or false"),
]

QUERIES = [
    Bad("rule-overlap", 'inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses', 'inf:until "2022-01-02"^^xsd:date ;\n    inf:expresses', "E_OVERLAP", "end the one (inf:until)"),
    Bad("rule-overlap of open versions", '    inf:until "2022-01-01"^^xsd:date ;\n    inf:expresses', "    inf:expresses", "E_OVERLAP", "<rule/BAR-"),
    Bad("provision-overlap", '    inf:until "2022-01-01"^^xsd:date ;\n    inf:instrument', '    inf:until "2023-01-01"^^xsd:date ;\n    inf:instrument', "E_OVERLAP", "another version of <duckr/"),
    Bad("list-overlap", '    inf:until "2022-01-01"^^xsd:date ;\n    inf:endKnown', '    inf:until "2022-06-01"^^xsd:date ;\n    inf:endKnown', "E_OVERLAP", "has place:FRA on the same list"),
    Bad("provision-gap", '    inf:until "2022-01-01"^^xsd:date ;\n    inf:instrument', '    inf:until "2021-06-01"^^xsd:date ;\n    inf:instrument', "E_GAP", "from 2021-06-01 until 2022-01-01"),
    Bad("defeats-circle of one", "inf:defeats rule:BAR-NAME ;", "inf:defeats rule:LIFT-NAME ;", "E_CYCLE", "defeats itself"),
    Bad("defeats-circle of two", "inf:layer layer:NAME ;\n    inf:when cond:SWIMS", "inf:layer layer:NAME ; inf:defeats rule:LIFT-NAME ;\n    inf:when cond:SWIMS", "E_CYCLE", "take inf:defeats away", also=("E_CYCLE",)),
    Bad("condition-circle of one", FLIES, FLIES + "\n        cond:FLIES-NAME", "E_CYCLE", "must not need its own answer"),
    Bad("condition-circle of two", FLIES, FLIES + "\n        [ inf:not cond:SWIMS-NAME ]", "E_CYCLE", "by way of cond:SWIMS", also=("E_CYCLE",)),
    Bad("condition-member", FLIES, FLIES + "\n        place:FRA", "E_CONDITION", "inf:anyOf names place:FRA"),
    Bad("condition-member that is text", FLIES, FLIES + '\n        "Flies"', "E_CONDITION", "is no condition"),
    Bad("empty-members of inf:anyOf", WHEN, "inf:when [ inf:anyOf () ] ;", "E_CONDITION", "would never hold"),
    Bad("empty-members of inf:in", "inf:in ( place:FRA place:ITA )", "inf:in ()", "E_CONDITION", "would never hold"),
    Bad("empty-list", "list:NAME a inf:DatedList", 'list:VOID-NAME a inf:DatedList ; rdfs:label "V"@en , "V"@fr ; skos:notation "void-NAME" .\n\nlist:NAME a inf:DatedList', "E_CONDITION", "has no entry", at="list:VOID-NAME"),
    Bad("broader-circle", "skos:broader program:IMP ;", "skos:broader program:NAME ;", "E_CYCLE", "take skos:broader away"),
    Bad("part-circle", "eli:is_part_of <irpr> ;", "eli:is_part_of <duckr/NAME> ;", "E_CYCLE", "take eli:is_part_of away"),
    Bad("supersedes-circle", "inf:affects rule:BAR-NAME ;", "inf:affects rule:BAR-NAME ; inf:supersedes change:NAME ;", "E_CYCLE", "take inf:supersedes away"),
    Bad("same-name of facts", '"duck_kind_name"', '"has_duck_name"', "E_DUPLICATE", "its own skos:notation"),
    Bad("same-name of a fact of the package", '"duck_kind_name"', '"citizenships"', "E_DUPLICATE", 'the name "citizenships"', at="fact:duck_kind_NAME"),
    Bad("test-kind of yes or no", WHEN, "inf:when [ inf:fact fact:has_duck_NAME ; inf:in ( place:FRA ) ] ;", "E_CONDITION", "yes or no is tested with inf:isTrue"),
    Bad("test-kind of a choice", "[ inf:fact fact:duck_port_NAME ; inf:inList list:NAME ]", "[ inf:fact fact:duck_port_NAME ; inf:atLeast 3 ]", "E_CONDITION", "a choice with inf:is"),
    Bad("value-allowed in a test", FLIES, FLIES.replace("value:eider-NAME", "value:air"), "E_CONDITION", "value:air is not a value of"),
    Bad("value-allowed of what is ordinary", "inf:ordinarily value:none", "inf:ordinarily value:air", "E_CONDITION", "value:air is not a value of"),
    Bad("value-scheme in a list", "inf:in ( place:FRA place:ITA )", "inf:in ( place:FRA value:air )", "E_CONDITION", "value:air is not in place:scheme"),
    Bad("value-kind of an entailment", "inf:fact fact:has_duck_NAME ; inf:value true", "inf:fact fact:has_duck_NAME ; inf:value value:none", "E_CONDITION", "true or false for inf:Boolean"),
    Bad("value-kind of what is ordinary", "inf:ordinarily value:none", "inf:ordinarily false", "E_CONDITION", "an IRI for inf:Choice"),
    Bad("action-default", "inf:default inf:MayNot", "inf:default inf:NotRequired", "E_CONDITION", "inf:May goes with inf:MayNot"),
    Bad("defeats-never", "inf:layer layer:NAME ;\n    inf:when [", "inf:layer layer:NAME ; inf:defeats rule:R-WP-FLAG-2024 ;\n    inf:when [", "E_INTERVAL", "no version has in force at the same time"),
    Bad("provision-never", "inf:expresses <duckr/NAME> ;", 'inf:expresses <duckr/NAME> , <duckr/LATE-NAME> ;', "E_INTERVAL", "is in force on a day of its own"),
    Bad("hour-day", "2022-01-01T09:00:00-05:00", "2022-01-02T09:00:00-05:00", "E_INTERVAL", "on another day than inf:from 2022-01-01"),
    Bad("end-known", '    inf:from "2022-01-01"^^xsd:date ;\n    inf:startsAt', '    inf:from "2022-01-01"^^xsd:date ; inf:endKnownFrom "2022-05-05"^^xsd:date ;\n    inf:startsAt', "E_INTERVAL", "add the end, or take it away"),
    Bad("claim-twice", "inf:adopted false", "inf:adopted true", "E_CONFLICT", "adopt one", at="claim:NAME-a"),
    Bad("dataset", "layer:NAME a inf:Layer ;", 'layer:NAME a inf:Layer ; inf:verifiedThrough "2030-01-01"^^xsd:date ;', "E_REDEFINED", "belongs to the data set"),
]  # fmt: skip
LATE = '''
<duckr/LATE-NAME> a eli:LegalResourceSubdivision ;
    rdfs:label "Duck Regulations 2"@en , "Règlement sur les canards 2"@fr ;
    eli:is_part_of <irpr> ; skos:notation "DUCKR 2 NAME" .

<duckr/LATE-NAME/2023-01-01> a inf:ProvisionVersion ;
    dct:isVersionOf <duckr/LATE-NAME> ; inf:from "2023-01-01"^^xsd:date ; dct:source source:S-NAME .
'''

REFERENCES = [
    Bad("unknown property", "inf:effect inf:Permit ;", "inf:effect inf:Permit ; inf:defeat rule:BAR-NAME ;", "E_UNKNOWN_ID", "did you mean inf:defeats"),
    Bad("unknown property like nothing", "inf:effect inf:Permit ;", "inf:effect inf:Permit ; inf:zzzqqq true ;", "E_UNKNOWN_ID", "inforce schema"),
    Bad("unknown effect", "inf:effect inf:Permit ;", "inf:effect inf:Permits ;", "E_UNKNOWN_ID", "did you mean inf:Permit"),
    Bad("unknown class", "constraint:NAME a inf:Constraint ;", "constraint:NAME a inf:Constraint , inf:Konstraint ;", "E_UNKNOWN_ID", "did you mean inf:Constraint"),
    Bad("unknown fact", WHEN, WHEN.replace("has_duck_NAME", "citizenship"), "E_UNKNOWN_ID", "did you mean fact:citizenships"),
    Bad("unknown fact with a hidden letter", WHEN, WHEN.replace("has_duck_NAME", "cit\u0456zenships"), "E_UNKNOWN_ID", "did you mean fact:citizenships"),
    Bad("unknown action", "    inf:effect inf:Permit ;\n    inf:action action:enter-NAME ;", "    inf:effect inf:Permit ;\n    inf:action action:apply-work-permit ;", "E_UNKNOWN_ID", "did you mean action:apply-work-permit-poe"),
    Bad("unknown layer", "inf:layer layer:regulation ;", "inf:layer layer:regulations ;", "E_UNKNOWN_ID", "did you mean layer:regulation"),
    Bad("unknown list", "inf:inList list:NAME", "inf:inList list:visa-exempted", "E_UNKNOWN_ID", "did you mean list:visa-exempt"),
    Bad("unknown place", "inf:in ( place:FRA place:ITA )", "inf:in ( place:FRA place:ITL )", "E_UNKNOWN_ID", "place:ITA", also=("E_CONDITION",)),
    Bad("unknown condition", "inf:allOf ( cond:FLIES-NAME", "inf:allOf ( cond:D-VISA-EXEMT", "E_UNKNOWN_ID", "did you mean cond:D-VISA-EXEMPT", also=("E_CONDITION",)),
    Bad("unknown rule defeated", "inf:defeats rule:BAR-NAME ;", "inf:defeats rule:R-WP-198-9 ;", "E_SOURCE", "rule:R-WP-198-1"),
    Bad("unknown provision", "inf:expresses <duckr/NAME> ;", "inf:expresses <irpr/198/9> ;", "E_SOURCE", "<irpr/198/1>"),
    Bad("unknown power", "inf:enabledBy <irpr/26.1> ;", "inf:enabledBy <irpr/26.11> ;", "E_SOURCE", "<irpr/26.1>"),
    Bad("unknown instrument", '    inf:instrument <instrument/NAME/1> ;\n    inf:affects', "    inf:instrument <instrument/SOR/2024-9999> ;\n    inf:affects", "E_SOURCE", "which nothing states"),
    Bad("unknown source", '    inf:from "2022-01-01"^^xsd:date ;\n    dct:source source:S-NAME .\n\nfact', '    inf:from "2022-01-01"^^xsd:date ;\n    dct:source source:S-SEED9 .\n\nfact', "E_SOURCE", "source:S-SEED0"),
    Bad("unknown passage", '    inf:from "2021-01-01"^^xsd:date ;\n    prov:wasDerivedFrom <source/S-NAME/l1> .', '    inf:from "2021-01-01"^^xsd:date ;\n    prov:wasDerivedFrom <source/S-NAME/l2> .', "E_SOURCE", "which nothing states"),
    Bad("unknown thing affected", "inf:affects rule:BAR-NAME ;", "inf:affects rule:BAR-NAME , <nowhere/at-all> ;", "E_UNKNOWN_ID", "state it, or name one that exists"),
    Bad("list that goes nowhere", WHEN, "inf:when [ inf:anyOf [ rdf:first cond:FLIES-NAME ] ] ;", "E_RDF", "does not end"),
    Bad("list with two members in one place", WHEN, "inf:when [ inf:anyOf [ rdf:first cond:FLIES-NAME , cond:D-VISA-EXEMPT ; rdf:rest () ] ] ;", "E_RDF", "two members in one place"),
    Bad("list without a member", WHEN, "inf:when [ inf:anyOf [ rdf:rest ( cond:FLIES-NAME ) ] ] ;", "E_RDF", "a place without a member"),
    Bad("list that goes on in two ways", WHEN, "inf:when [ inf:anyOf [ rdf:first cond:FLIES-NAME ; rdf:rest () , ( cond:D-VISA-EXEMPT ) ] ] ;", "E_RDF", "goes on in two ways"),
    Bad("list in a circle", WHEN, "inf:when [ inf:anyOf <ring/NAME> ] .\n\n<ring/NAME> rdf:first cond:FLIES-NAME ; rdf:rest <ring/NAME> .\n\n<rule/BAR-NAME/2020-01-04>", "E_RDF", "runs in a circle", also=()),
    Bad("label of the package changed", "constraint:NAME a", 'rule:R-WP-197 rdfs:label "Anything goes"@en .\n\nconstraint:NAME a', "E_REDEFINED", "another name", at="rule:R-WP-197"),
    Bad("default of the package changed", "constraint:NAME a", "action:apply-work-permit-poe inf:default inf:NotRequired .\n\nconstraint:NAME a", "E_REDEFINED", "the package says", at="action:apply-work-permit-poe", also=("E_CONDITION",)),
    Bad("version of the package defeats more", "constraint:NAME a", "<rule/R-WP-198-1/2002-06-28> inf:defeats rule:BAR-NAME .\n\nconstraint:NAME a", "E_REDEFINED", "law as the package reads it", at="<rule/R-WP-198-1/2002-06-28>"),
    Bad("condition of the package widened", "constraint:NAME a", "cond:D-US-SPECIAL inf:not cond:FLIES-NAME .\n\nconstraint:NAME a", "E_REDEFINED", "law as the package reads it", at="cond:D-US-SPECIAL", also=("E_CONDITION",)),
    Bad("vocabulary of the package extended", "constraint:NAME a", "inf:duck-NAME a rdf:Property .\n\nconstraint:NAME a", "E_REDEFINED", "a namespace of your own", at="inf:duck-NAME"),
    Bad("one thing in two blocks", "constraint:NAME a inf:Constraint ;", 'layer:NAME a inf:Layer .\n\nconstraint:NAME a inf:Constraint ;', "E_DUPLICATE", "keep one block", at="layer:NAME a inf:Layer ."),
    Bad("import of another file", "constraint:NAME a inf:Constraint ;", "<> owl:imports <https://ducks.example/more.ttl> .\n\nconstraint:NAME a inf:Constraint ;", "E_REMOTE", "nothing is fetched", at="<> owl:imports"),
]  # fmt: skip
DATES = [
    *(Bad(f"day {day!r}", '"2021-01-01"^^xsd:date', f'"{day}"^^xsd:date', "E_DATE", "a real calendar day YYYY-MM-DD") for day in (*DAYS, *SPACED_DAYS)),
    *(Bad(f"instant {one!r}", "2022-01-01T09:00:00-05:00", one, "E_DATE", "a real instant", also=("E_INTERVAL",)) for one in INSTANTS),
]  # fmt: skip
CASES = [*SHAPES, *QUERIES, *REFERENCES, *DATES]
