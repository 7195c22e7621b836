"""A server that answers, and refuses."""

import pytest
from sqlalchemy.engine import make_url
from support import SERVER
from test_cli import free_port, run


@pytest.mark.parametrize("wrong", [{"username": "nobody_of_this_name"}, {"database": "nothing_of_this_name"}])
def test_serve_says_what_a_server_said_that_refuses(wrong: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    address = make_url(SERVER).set(**wrong).render_as_string(hide_password=False)
    refused = run("serve", "--port", str(free_port()), DATABASE_URL=address)
    assert refused.exit_code == 1
    for said in (refused.output, caplog.text):
        assert "it says “" in said
        assert "of_this_name" in said.partition("it says")[2]
        assert "check the role, the password and the database" in said
    assert "does not answer" not in caplog.text


def test_a_server_that_is_not_there_is_told_by_its_setting_and_address_on_one_line() -> None:
    port = free_port()
    refused = run("load", DATABASE_URL=f"postgresql://joe:hush@127.0.0.1:{port}/positions")
    assert refused.exit_code == 1
    (told,) = [line for line in refused.output.splitlines() if line.startswith("Error: ")]
    assert f"DATABASE_URL is postgresql://joe:***@127.0.0.1:{port}/positions, which cannot be read: " in told
    assert "Connection refused" in told
    assert "Is the server running" in told
