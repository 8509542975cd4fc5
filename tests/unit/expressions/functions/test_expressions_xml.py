import pytest

from looply.expressions import ExpressionError, ExpressionLimit
from looply.limits import Limits

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
SHOP = (
    "<?xml version='1.0'?>\n<!-- top -->\n"
    '<shop id="s1"><item price="3" id="i1"><b>1</b><b>2</b></item><Item price="x">7<b/></Item>tail'
    "<?go on?><![CDATA[<raw>]]></shop>\n"
)
SPACES = (
    '<p:shop xmlns:p="urn:p" xmlns="urn:d" p:at="1"><item xml:lang="de-AT"><p:x xmlns:p="urn:q" p:y="&lt;&quot;&#9;"/>'
    '</item><none xmlns=""/></p:shop>'
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": 1}, "<a>1</a>"),
        ({"a": {"b": "x", "c": None}}, "<a>\n  <b>x</b>\n  <c/>\n</a>"),
        ({"a": [1, None, [2], {"b": 3}]}, "<a/>\n<a>1</a>\n<a>\n  <0>2</0>\n</a>\n<a>\n  <b>3</b>\n</a>"),
        ({"a": {}, "b": [], "c": ""}, "<a></a>\n<c></c>"),
        ({"a": "<&>'\""}, "<a>&lt;&amp;&gt;&apos;&quot;</a>"),
        ({"a": True, "b": 2.0, "c": 1e21}, "<a>true</a>\n<b>2</b>\n<c>1e+21</c>"),
        ({"a": {"#text": "x", "b": 1}}, "<a>\nx  <b>1</b>\n</a>"),
        ({"a": {"#text": "<"}}, "<a>&lt;</a>"),
        ({"a": {"#text": None}}, "<a>null</a>"),
        ({"a": {"#text": []}}, "<a></a>"),
        ({"a": {"#text": {"b": 1}}}, "<a>{&quot;b&quot;:1}</a>"),
        ({"a": {"#text": "", "b": None}}, "<a>\n  <b/>\n</a>"),
        ({"a": {"#text": "", "#x": []}}, "<a></a>"),
        ({"a": {"#text": "x", "#x": []}}, "<a>x</a>"),
        ({"#text": " top "}, " top"),
        ({"?pi": "x", "?n": None, "?o": {}, "?p": {"#text": "t"}}, "<?pi?>\n<?n?>\n<?o?>\n<?p?>"),
        ({"?o": {"#text": "t", "b": []}, "?q": {"b": 1}}, "<?o?>t<?q?>\n  <b>1</b>"),
        ([1, "x"], "<0>1</0>\n<1>x</1>"),
        ('{"a": 1}', "<a>1</a>"),
        ('"ab"', "<0>a</0>\n<1>b</1>"),
        (5, ""),
        (None, ""),
        (True, ""),
    ],
)
def test_xml_writes_a_member_as_an_element(value, given, expected):
    assert value("xml(given)", {"given": given}) == f"{DECLARATION}\n{expected}".rstrip()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{", "xml() expects a JSON text"),
        ("", "xml() expects a JSON text"),
        ({"a": {"#text": [1]}}, "xml() expects a text as `#text`, found a list"),
    ],
)
def test_xml_reports_values_that_cannot_be_written(value, given, reason):
    with pytest.raises(ExpressionError) as caught:
        value("xml(given)", {"given": given})
    assert reason in caught.value.message


def nested(levels):
    made = "x"
    for _ in range(levels):
        made = {"a": made}
    return made


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        (nested(202), "json_levels"),
        ({"a": "<" * 400_000}, "expression_text_characters"),
        ({"a" * 1000: [1] * 5000}, "expression_text_characters"),
        ({"a": [None] * 99_000, "b": [None] * 9000}, "expression_fuel"),
    ],
)
def test_xml_is_bounded(value, given, limit):
    with pytest.raises(ExpressionLimit) as caught:
        value("xml(given)", {"given": given})
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/shop/item/b", ["<b>1</b>", "<b>2</b>", "<b/>"]),
        ("//item/@price", [' price="3"', ' price="x"']),
        ("//ITEM[2]", ['<Item price="x">7<b/></Item>']),
        ("//item[b=2]/b[1]", ["<b>1</b>"]),
        ("(//b)[last()]", ["<b/>"]),
        ("//b[position()=2]", ["<b>2</b>"]),
        ("//b[2][1]", ["<b>2</b>"]),
        ("//text()", ["\n", "\n", "1", "2", "7", "tail", "<![CDATA[<raw>]]>"]),
        ("//comment()", ["<!-- top -->"]),
        ("//processing-instruction()", ["<?xml version='1.0'?>", "<?go on?>"]),
        ("//processing-instruction('go')", ["<?go on?>"]),
        ("/processing-instruction()", ["<?xml version='1.0'?>"]),
        ("/shop/*/..", [SHOP.split("-->\n")[1].rstrip()]),
        ("/", [SHOP.rstrip()]),
        ("//b/ancestor::*[1]/@id", [' id="i1"']),
        ("count(//b/ancestor-or-self::node())", 7),
        ("//Item/preceding-sibling::*/@id", [' id="i1"']),
        ("//item/following-sibling::text()", ["tail", "<![CDATA[<raw>]]>"]),
        ("count(//item[1]/following::node())", 4),
        ("count(//text()[.='tail']/following::node())", 2),
        ("count(/following::node())", 16),
        ("count(//@id/following::node())", 0),
        ("count(//@id/preceding::node())", 0),
        ("count(//@id/descendant::node() | //@id/following-sibling::node())", 0),
        ("count(//@id/descendant-or-self::node())", 2),
        ("count(//@id/parent::*)", 2),
        ("count(/parent::node() | /preceding-sibling::node())", 0),
        ("count(//b[1]/preceding::*)", 5),
        ("count(//b/self::*)", 3),
        ("count(//b/foreign::x)", 0),
        ("count(//item | //b | //item)", 5),
        ("count(//shop//b)", 3),
        ("count((//shop)//b)", 3),
        ("count(.//b)", 3),
        ("count(child::shop/descendant::b)", 3),
        ("count(descendant-or-self::node())", 17),
        ("count(//text()/p:x)", 0),
        ("id('i1 none s1')/@id", [' id="s1"', ' id="i1"']),
        ("count(id(//@id))", 2),
    ],
)
def test_a_path_finds_nodes(value, path, expected):
    assert value("xPath(xml, path)", {"xml": SHOP, "path": path}) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sum(//b)", "not a finite number"),
        ("sum(//item[1]/b)", 3),
        ("count(//b) * 2 + 1", 7),
        ("7 mod 4 - -1", 4),
        ("1 div 4", 0.25),
        (".5 + 1.25", 1.75),
        ("1 div 0", "not a finite number"),
        ("0 div 0", "not a finite number"),
        ("1 mod 0", "not a finite number"),
        ("--3", 3),
        ("- (2)", -2),
        ("//item/@price + 1", 4),
        ("number(//missing)", 0),
        ("number('')", "not a finite number"),
        ("number(' -2.5 ')", -2.5),
        ("number('1e3')", "not a finite number"),
        ("number(//b)", 1),
        ("number(true())", 1),
        ("number()", "not a finite number"),
        ("//b = 2", True),
        ("//b = '2'", True),
        ("2 = //b", True),
        ("//b != 1", True),
        ("//b > 1", True),
        ("3 <= //b", False),
        ("//b < //b", True),
        ("//b = //item", False),
        ("//b = true()", True),
        ("//b < true()", False),
        ("'a' = 'a'", True),
        ("'1' = 1", True),
        ("'a' = true()", True),
        ("1 != 1", False),
        ("'1' < '2'", True),
        ("true() > false()", True),
        ("true() and false()", False),
        ("false() and nothing()", False),
        ("true() or nothing()", True),
        ("false() or 1", True),
        ("true() and //b", True),
        ("not(//none)", True),
        ("boolean('x')", True),
        ("boolean(0 div 0)", False),
        ("string(//b)", "1"),
        ("string(//none)", ""),
        ("string(1 div 0)", "Infinity"),
        ("string(-1 div 0)", "-Infinity"),
        ("string(0 div 0)", "NaN"),
        ("string(1 div 10000000)", "0.0000001"),
        ("string(2.50)", "2.5"),
        ("string(true())", "true"),
        ("string(1 = 2)", "false"),
        ("string(//@price)", "3"),
        ("string(//comment())", " top "),
        ("string(/)", "\n\n127tail<raw>"),
        ("concat('a', 1, //b)", "a11"),
        ("starts-with('abc', 'ab')", True),
        ("contains('abc', 'bd')", False),
        ("substring-before('a=b', '=')", "a"),
        ("substring-before('a=b', '')", ""),
        ("substring-after('a=b', '=')", "b"),
        ("substring-after('a=b', '')", "a=b"),
        ("substring('12345', 2)", "2345"),
        ("substring('12345', 2, 3)", "234"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("substring('12345', 0 div 0)", "12345"),
        ("substring('12345', 1 div 0)", ""),
        ("string-length()", 14),
        ("string-length('😀')", 1),
        ("normalize-space(' a \n b ')", "a b"),
        ("translate('abcabc', 'aba', 'xy')", "xycxyc"),
        ("translate('abc', 'bc', 'x')", "ax"),
        ("floor(-1.5)", -2),
        ("ceiling(1.2)", 2),
        ("round(2.5)", 3),
        ("round(1 div 0)", "not a finite number"),
        ("floor(0 div 0)", "not a finite number"),
        ("name(//item)", "item"),
        ("name()", ""),
        ("name(//none)", ""),
        ("local-name(//processing-instruction('go'))", "go"),
        ("local-name(//text())", "#text"),
        ("local-name()", "#document"),
        ("namespace-uri(//item)", ""),
        ("last() + position()", 2),
        ("count(//item[last()])", 1),
        ('"it\'s"', "it's"),
    ],
)
def test_a_path_computes(value, path, expected):
    data = {"xml": SHOP, "path": path}
    if expected == "not a finite number":
        with pytest.raises(ExpressionError) as caught:
            value("xPath(xml, path)", data)
        assert expected in caught.value.message
    else:
        found = value("xPath(xml, path)", data)
        assert found == expected
        assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("//*[2]", ['<none xmlns=""/>']),
        (
            "//*[local-name()='item']",
            ['<item xml:lang="de-AT" xmlns="urn:d"><p:x xmlns:p="urn:q" p:y="&lt;&quot; "/></item>'],
        ),
        ("//*[local-name()='x']", ['<p:x xmlns:p="urn:q" p:y="&lt;&quot;&#9;"/>']),
        ("//@*[local-name()='y']", [' p:y="&lt;&quot;&#9;"']),
        ("/*/@*", [' xmlns:p="urn:p"', ' xmlns="urn:d"', ' p:at="1"']),
        ("namespace-uri(//*[local-name()='x'])", "urn:q"),
        ("namespace-uri(//@*[local-name()='at'])", "urn:p"),
        ("count(//item)", 0),
        ("count(//none)", 1),
        ("count(//*[lang('de')])", 2),
        ("count(//*[lang('de-AT')])", 2),
        ("count(//*[lang('d')])", 0),
    ],
)
def test_namespaces_are_kept(value, path, expected):
    expected = [each.replace("&quot; ", "&quot;&#9;") for each in expected] if isinstance(expected, list) else expected
    assert value("xPath(xml, path)", {"xml": SPACES, "path": path}) == expected


def test_an_element_keeps_the_namespaces_of_its_ancestors(value):
    xml = '<a xmlns:p="urn:p"><p:b p:c="1"/><d xmlns="urn:d"><e/></d></a>'
    assert value("xPath(xml, '//*[local-name()=\"b\"]')", {"xml": xml}) == ['<p:b xmlns:p="urn:p" p:c="1"/>']
    assert value("xPath(xml, '//*[local-name()=\"e\"]')", {"xml": xml}) == ['<e xmlns="urn:d"/>']


def test_line_ends_are_one_character(value):
    assert value("xPath(xml, 'string(/)')", {"xml": "<a>1\r\n2\r3\x854\u20285</a>"}) == "1\n2\n3\n4\n5"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("//none", "xPath() found nothing at '//none'"),
        ("", "xPath() does not expect the end in the path"),
        ("//", "does not expect the end"),
        ("a b", "does not expect 'b'"),
        ("a[", "does not expect the end"),
        ("a[1", "does not expect the end"),
        ("(1", "does not expect the end"),
        ("count(1", "does not expect the end"),
        ("child::", "does not expect the end"),
        ("text(1)", "does not expect '1'"),
        ("text", "found nothing"),
        (".[1]", "does not expect '['"),
        ("5.", "does not expect '.'"),
        ("'open", "does not understand"),
        ("a # b", "does not understand"),
        ("count(a, *)", "does not expect"),
        ("$", "does not expect the end"),
        ("$*", "does not expect '*'"),
        ("$x", "xPath() knows no variable $x"),
        ("nothing()", "xPath() knows no function nothing()"),
        ("count()", "expects 1 to 1 arguments of count()"),
        ("count(1)", "expects nodes as the argument of count()"),
        ("name('x')", "expects nodes as the argument of name()"),
        ("1 | //b", "expects nodes on both sides of `|`"),
        ("//b | 1", "expects nodes on both sides of `|`"),
        ("(1)[1]", "expects nodes before `[` and `/`"),
        ("(1)/a", "expects nodes before `[` and `/`"),
        ("//p:item", "cannot know the prefix `p:`"),
        ("//p:*", "cannot know the prefix `p:`"),
        ("p:f()", "knows no function p:f()"),
        ("(" * 41 + "1" + ")" * 41, "nested at most 40 levels deep"),
        ("a" + "[a" * 41 + "]" * 41, "nested at most 40 levels deep"),
        ("not(" * 41 + "1" + ")" * 41, "nested at most 40 levels deep"),
    ],
)
def test_an_invalid_path_is_an_error_with_a_reason(value, path, reason):
    with pytest.raises(ExpressionError) as caught:
        value("xPath(xml, path)", {"xml": SHOP, "path": path})
    assert reason in caught.value.message


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("", "xPath() expects an XML text as `xml`, found text"),
        (5, "xPath() expects an XML text as `xml`, found number"),
        ("x", "xPath() expects well-formed XML"),
        ("<a>", "xPath() expects well-formed XML"),
        ("<a>&nbsp;</a>", "xPath() expects well-formed XML: undefined entity"),
        ("<a>\ud800</a>", "xPath() expects well-formed XML"),
        ("<a b='1' b='2'/>", "xPath() expects well-formed XML"),
        ("<!DOCTYPE a><a/>", "without a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "without a document type"),
        (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>', "without a document type"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "without a document type"),
    ],
)
def test_invalid_xml_is_an_error(value, xml, reason):
    with pytest.raises(ExpressionError) as caught:
        value("xPath(xml, '1')", {"xml": xml})
    assert reason in caught.value.message


def test_a_path_must_be_a_text(value):
    with pytest.raises(ExpressionError) as caught:
        value("xPath('<a/>', path)", {"path": 5})
    assert "xPath() expects a text as `xpath`, found number" in caught.value.message


MANY = "<r>" + '<a b="1">x</a>' * 2000 + "</r>"
WIDE = "<r>" + "<a/>" * 15_000 + "</r>"
DEEP = "<r>" + ("<a>" * 150 + "x" + "</a>" * 150) * 20 + "</r>"
LONG = f"<r>{'y' * 900_000}</r>"
DECLARED = "<r " + " ".join(f'xmlns:p{i}="u{i}"' for i in range(3000)) + ">" + "<a/>" * 5000 + "</r>"


@pytest.mark.parametrize(
    ("xml", "path", "limit"),
    [
        (WIDE, "//*[//a]", "expression_fuel"),
        (WIDE, "//a[following-sibling::a[following-sibling::a]]", "expression_fuel"),
        (MANY, "count(//*[count(//*[count(//*)>0])>0])", "expression_fuel"),
        (MANY, "count(//a/preceding::none)", "expression_fuel"),
        (MANY, "//*[string(/)='q']", "expression_fuel"),
        ("<r>" + "<a/>" * 3000 + "</r>", "//a[string(/*)='q']", "expression_fuel"),
        (MANY, "//a[translate(/, 'x', 'yy')='q']", "expression_fuel"),
        (MANY, "//a[normalize-space(/)='q']", "expression_fuel"),
        (MANY, "//a[substring(/, 1, 5)='q']", "expression_fuel"),
        (MANY, "//a[id('q')]", "expression_fuel"),
        (MANY, "//a[sum(//@b)=1]", "expression_fuel"),
        (MANY, "//a < //a", "expression_fuel"),
        (MANY, "//a/following-sibling::a/preceding-sibling::a", "expression_fuel"),
        (DEEP, "//*//*//*//*//*", "expression_fuel"),
        (DEEP, "//a/ancestor::*/ancestor::*", "expression_fuel"),
        (DEEP, "//a", "expression_fuel"),
        (LONG, "concat(concat(/, /), 'q')", "expression_fuel"),
        (f"<r>{'<b/>' * 9}{'&amp;' * 250_000}</r>", "/r", "expression_text_characters"),
        (DECLARED, "//*", "expression_fuel"),
        ("<a>" * 300 + "</a>" * 300, "/", "json_levels"),
        ("<r " + " ".join(f'a{i}=""' for i in range(40_000)) + "/>", "/r", "expression_fuel"),
        ("<r/>", "x" * 1025, "expression_pattern_characters"),
    ],
)
def test_xpath_bombs_run_into_a_limit(value, xml, path, limit):
    with pytest.raises(ExpressionLimit) as caught:
        value("xPath(xml, path)", {"xml": xml, "path": path})
    assert caught.value.limit == limit


def test_a_text_that_a_path_makes_is_bounded(value):
    data = {"xml": f"<r>{'y' * 600}</r>"}
    assert value("xPath(xml, 'string-length(concat(/, /))')", data, Limits(expression_text_characters=1200)) == 1200
    with pytest.raises(ExpressionLimit) as caught:
        value("xPath(xml, 'string-length(concat(/, /))')", data, Limits(expression_text_characters=1199))
    assert caught.value.limit == "expression_text_characters"


def test_the_texts_that_a_path_finds_are_bounded_together(value):
    data = {"xml": "<r>" + "<a>12345</a>" * 10 + "</r>"}
    assert len(value("xPath(xml, '//a')", data, Limits(expression_text_characters=120))) == 10
    with pytest.raises(ExpressionLimit) as caught:
        value("xPath(xml, '//a')", data, Limits(expression_text_characters=119))
    assert caught.value.limit == "expression_text_characters"


def test_the_nodes_of_a_document_are_bounded(value):
    with pytest.raises(ExpressionLimit) as caught:
        value("xPath(xml, '1')", {"xml": MANY}, Limits(expression_items=1000))
    assert caught.value.limit == "expression_items"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("1" + "+1" * 500, 501),
        ("-" * 1000 + "1", 1),
        ("count(a" + "|a" * 500 + ")", 1),
        ("count(a" + "/a" * 500 + ")", 0),
        ("count(" + "//*" * 330 + ")", 0),
        ("count(a" + "[1]" * 330 + ")", 1),
    ],
)
def test_long_paths_are_evaluated(value, path, expected):
    assert value("xPath('<a/>', path)", {"path": path}) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("</a><b x='1'>&\"", "&lt;/a&gt;&lt;b x=&apos;1&apos;&gt;&amp;&quot;"),
        ("&lt;", "&amp;lt;"),
        ("ä 😀\t\n", "ä 😀\t\n"),
        (None, ""),
        (7, "7"),
        ({"a": "<"}, "{&quot;a&quot;:&quot;&lt;&quot;}"),
    ],
)
def test_xml_text_escapes_a_value_between_tags_and_in_attributes(value, given, expected):
    assert value("xmlText(v)", {"v": given}) == expected


@pytest.mark.parametrize("given", ["a\x00", "\x1b", "\ufffe", "\ud800"])
def test_xml_text_refuses_characters_that_are_not_allowed_in_xml(value, given):
    with pytest.raises(ExpressionError, match=r"expects characters of XML, found U\+"):
        value("xmlText(v)", {"v": given})
