import pytest

from loopguard_board import Handle, HandleError


def test_a_handle_survives_being_printed_and_parsed():
    for handle in [Handle(0, 0, 1), Handle(2**64 - 1, 65535, 2**48 - 1), Handle(0xAB, 7, 9)]:
        assert Handle.parse(str(handle)) == handle
    assert str(Handle(0xAB, 7, 9)) == "00000000000000ab:7:9"


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "three parts"),
        ("00000000000000ab:7", "three parts"),
        ("ab:7:9", "epoch"),
        ("00000000000000AB:7:9", "epoch"),
        ("00000000000000ab:-1:9", "slot"),
        ("00000000000000ab:65536:9", "slot"),
        ("00000000000000ab:٧:9", "slot"),
        ("00000000000000ab:7:0", "generation"),
        ("00000000000000ab:7:281474976710656", "generation"),
        ("00000000000000ab:7:9\n", "generation"),
        ("1" * 100_000, "short text"),
        (None, "short text"),
        (7, "short text"),
    ],
)
def test_a_text_that_is_no_handle_is_refused_with_the_reason(text, reason):
    with pytest.raises(HandleError, match=reason) as error:
        Handle.parse(text)
    assert len(str(error.value)) < 200
