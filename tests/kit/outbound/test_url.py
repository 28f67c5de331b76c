"""What a URL may be: an adversarial table of what is refused, and what the rest comes out as."""

import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from service.kit.outbound.address import refusal
from service.kit.outbound.errors import Refused
from service.kit.outbound.url import BAD_PORTS, MAX_LENGTH, read_url

REFUSED = {
    # other ways in
    "": "begins with https",
    "example.com": "begins with https",
    "//example.com/": "begins with https",
    "ftp://example.com/": "begins with https",
    "file:///etc/passwd": "begins with https",
    "gopher://example.com/": "begins with https",
    "javascript:alert(1)": "begins with https",
    "data:text/plain,x": "begins with https",
    "ws://example.com/": "begins with https",
    "unix:///var/run/docker.sock": "begins with https",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/x": "begins with https",
    "http:/example.com/": "begins with https",
    "http:example.com": "begins with https",
    "httpss://example.com/": "begins with https",
    # no host, or none that anybody can look up
    "http://": "no host",
    "http:///path": "no host",
    "http://?x": "no host",
    "http://:80/": "no host",
    "http://./": "no host",
    "http://example..com/": "no name",
    "http://.example.com/": "no name",
    "http://example.com../": "no name",
    "http://-a.example/": "no name",
    "http://a-.example/": "no name",
    f"http://{'a' * 64}.example/": "no name",
    "http://" + "a." * 127 + "example/": "no name",
    "http://a,b/": "no name",
    "http://a$b/": "no name",
    "http://a|b/": "no name",
    "http://*.example/": "no name",
    # credentials, and what looks like them
    "http://user:pass@example.com/": "credentials",
    "http://user@example.com/": "credentials",
    "http://@example.com/": "credentials",
    "http://example.com@169.254.169.254/": "credentials",
    "http://example.com:80@127.0.0.1/": "credentials",
    "http://127.0.0.1:80@example.com:80@10.0.0.1/": "credentials",
    "http://example.com%40127.0.0.1/": "percent",
    # characters that programs read differently
    "http://example.com\\@127.0.0.1/": "backslash",
    "http:\\\\example.com\\": "backslash",
    "http://example.com\\.evil.com/": "backslash",
    " http://example.com/": "spaces",
    "http://example.com/ ": "spaces",
    "http://exa mple.com/": "spaces",
    "http://example.com/a b": "spaces",
    "http://example.com/\r\nHost: other": "spaces",
    "http://example.com/\t": "spaces",
    "http://example.com/\x00": "spaces",
    "http://exam\x7fple.com/": "spaces",
    "http://exam\u200bple.com/": "spaces",
    "http://exam\u00adple.com/": "spaces",
    "http://example.com\u2028/": "spaces",
    "http://\ufeffexample.com/": "spaces",
    "http://\u202eexample.com/": "spaces",
    "http://example.com/\ud800": "spaces",
    "http://example.com/#": "fragment",
    "http://example.com/#frag": "fragment",
    "http://127.0.0.1#@example.com/": "fragment",
    # numbers that are addresses to some
    "http://2130706433/": "ends in a number",
    "http://0x7f000001/": "ends in a number",
    "http://0x7f.0.0.1/": "ends in a number",
    "http://017700000001/": "ends in a number",
    "http://0177.0.0.1/": "ends in a number",
    "http://127.1/": "ends in a number",
    "http://127.0.1/": "ends in a number",
    "http://127.0.0.01/": "ends in a number",
    "http://127.0.0.0x1/": "ends in a number",
    "http://256.0.0.1/": "ends in a number",
    "http://1.2.3.4.5/": "ends in a number",
    "http://4294967296/": "ends in a number",
    "http://0/": "ends in a number",
    "http://0x/": "ends in a number",
    "http://example.1/": "ends in a number",
    "http://127.0.0.1./..": "'.' or '..'",
    "http://１２７.０.０.１/": "plain digits",
    "http://127。0。0。1/": "plain digits",
    "http://①②⑦.⓪.⓪.①/": "",
    "http://٢٧.0.0.1/": "",
    # brackets and zones
    "http://[::1/": "bracket",
    "http://[::1]a/": "bracket",
    "http://[::1]:80:80/": "no number",
    "http://::1/": "no host",
    "http://[]/": "no IPv6",
    "http://[127.0.0.1]/": "no IPv6",
    "http://[v1.x]/": "no IPv6",
    "http://[example.com]/": "no IPv6",
    "http://[[::1]]/": "bracket",
    "http://[fe80::1%eth0]/": "percent",
    "http://[fe80::1%25eth0]/": "percent",
    # percent signs in the host
    "http://%31%32%37.0.0.1/": "percent",
    "http://127.0.0.1%00.example.com/": "percent",
    "http://ex%61mple.com/": "percent",
    # ports
    "http://example.com:/": "no number",
    "http://example.com:0/": "no number",
    "http://example.com:65536/": "no number",
    "http://example.com:99999999999/": "no number",
    "http://example.com:-1/": "no number",
    "http://example.com:+80/": "no number",
    "http://example.com:8_0/": "no number",
    "http://example.com:８０/": "no number",
    "http://example.com:80:81/": "no number",
    "http://example.com:http/": "no number",
    "http://example.com:22/": "another protocol",
    "http://example.com:25/": "another protocol",
    "https://example.com:587/": "another protocol",
    "http://example.com:6000/": "another protocol",
    # paths and queries
    "http://example.com/%": "hexadecimal",
    "http://example.com/%zz": "hexadecimal",
    "http://example.com/?x=%1": "hexadecimal",
    "http://example.com/../x": "'.' or '..'",
    "http://example.com/a/./b": "'.' or '..'",
    "http://example.com/a/%2e%2E/b": "'.' or '..'",
    "http://example.com/a/.%2e": "'.' or '..'",
    # international names that are none
    "http://xn--/": "international",
    "http://xn--a-ecp.ru/": "international",
    "http://xn--zzzzzz-.example/": "international",
    "http://exa／mple.com/": "",
    "http://example.com／@127.0.0.1/": "",
    "http://example．com：80/": "",
    f"http://{'文' * 64}.example/": "international",
    "http://example.com/" + "a" * MAX_LENGTH: "longer",
}

READ = {
    "https://example.com": "https://example.com/",
    "HTTPS://EXAMPLE.COM/Path": "https://example.com/Path",
    "https://example.com.": "https://example.com/",
    "https://example.com:443/": "https://example.com/",
    "http://example.com:80/": "http://example.com/",
    "http://example.com:443/": "http://example.com:443/",
    "http://example.com:080/": "http://example.com/",
    "https://example.com:8443/a": "https://example.com:8443/a",
    "https://example.com?x=1": "https://example.com/?x=1",
    "https://example.com/?": "https://example.com/",
    "https://example.com//a//b/": "https://example.com//a//b/",
    "https://example.com/...": "https://example.com/...",
    "https://example.com/a%2Fb?s=%2B%2f%3D&t=a+b": "https://example.com/a%2Fb?s=%2B%2f%3D&t=a+b",
    "https://example.com/路径?键=值": "https://example.com/%E8%B7%AF%E5%BE%84?%E9%94%AE=%E5%80%BC",
    "https://example.com/a|b?c={d}[e]\"'": "https://example.com/a%7Cb?c=%7Bd%7D[e]%22'",
    "https://example.com/?u=http://a@b:c/": "https://example.com/?u=http://a@b:c/",
    "https://my_host.my-office.example/": "https://my_host.my-office.example/",
    "http://localhost:8000/": "http://localhost:8000/",
    "http://intranet/hook": "http://intranet/hook",
    "http://0x7f.example/": "http://0x7f.example/",
    "http://127.0.0.1.nip.example/": "http://127.0.0.1.nip.example/",
    "https://政务.中国/钩": "https://xn--zfr164b.xn--fiqs8s/%E9%92%A9",
    "https://政务。中国/": "https://xn--zfr164b.xn--fiqs8s/",
    "https://ｅｘａｍｐｌｅ．ｃｏｍ/": "https://example.com/",
    "https://xn--fiqs8s.example/": "https://xn--fiqs8s.example/",
    "https://BÜCHER.example/": "https://xn--bcher-kva.example/",
    "https://faß.example/": "https://xn--fa-hia.example/",
    "http://127.0.0.1:9000/": "http://127.0.0.1:9000/",
    "http://127.0.0.1.:9000/": "http://127.0.0.1:9000/",
    "http://[::1]/": "http://[::1]/",
    "http://[0:0:0:0:0:FFFF:7F00:1]:81/": "http://[::ffff:7f00:1]:81/",
    "http://[::ffff:127.0.0.1]/": "http://[::ffff:7f00:1]/",
    "https://[2606:4700:0::1111]:443/": "https://[2606:4700::1111]/",
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items())
def test_a_url_that_programs_could_read_differently_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        read_url(text)
    assert words in caught.value.reason


@pytest.mark.parametrize(("text", "normalised"), READ.items())
def test_a_url_is_read_and_normalised(text: str, normalised: str) -> None:
    assert read_url(text).text == normalised


@pytest.mark.parametrize("text", READ.values())
def test_a_normalised_url_stays_as_it_is(text: str) -> None:
    assert read_url(text).text == text


def test_the_parts_of_a_url_are_told_apart() -> None:
    url = read_url("https://Office.example:8443/a?b=c")
    assert (url.scheme, url.host, url.port, url.target) == ("https", "office.example", 8443, "/a?b=c")
    assert (url.authority, url.is_encrypted, url.literal) == ("office.example:8443", True, None)


def test_a_url_at_an_address_keeps_everything_else() -> None:
    url = read_url("https://office.example:8443/a?b=c")
    assert url.at(ipaddress.ip_address("8.8.8.8")) == "https://8.8.8.8:8443/a?b=c"
    assert url.at(ipaddress.ip_address("2606:4700::1111")) == "https://[2606:4700::1111]:8443/a?b=c"
    assert read_url("http://office.example/").at(ipaddress.ip_address("8.8.8.8")) == "http://8.8.8.8/"


@pytest.mark.parametrize("text", ("http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::1]/"))
def test_an_address_in_a_url_can_be_judged_at_once(text: str) -> None:
    literal = read_url(text).literal
    assert literal is not None
    assert refusal(literal) is not None


def test_an_unencrypted_url_is_known_for_it() -> None:
    assert not read_url("http://office.example/").is_encrypted


def test_a_url_shows_neither_path_nor_query_where_it_is_printed() -> None:
    url = read_url("https://office.example/robot/secret?key=secret")
    assert "secret" not in repr(url)


@pytest.mark.parametrize("text", ("https://office.example/%zz?secret", "https://office.example:22/?secret"))
def test_a_reason_repeats_neither_path_nor_query(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_url(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("port", sorted(BAD_PORTS))
def test_a_port_of_another_protocol_is_refused(port: int) -> None:
    with pytest.raises(Refused):
        read_url(f"https://office.example:{port}/")


@given(
    st.text(max_size=40) | st.text("/.?%&=:@[]~ab19", max_size=40),
    st.sampled_from(("http://", "https://", "http://[", "https://a@", "http://1.", "https://a/", "https://a?", "")),
)
def test_any_text_is_either_read_or_refused(text: str, start: str) -> None:
    try:
        url = read_url(start + text)
    except Refused:
        return
    assert url.text.isascii()
    assert not set(url.text) & set(" \t\r\n\\#")
    assert "@" not in url.authority
    assert read_url(url.text) == url
    # What the libraries below make of it is what was read.
    at = url.at(ipaddress.ip_address("8.8.8.8"))
    assert URL(at, encoded=True).raw_path_qs == url.target
    assert httpx.URL(at).host == "8.8.8.8"
