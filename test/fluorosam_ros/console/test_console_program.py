"""`fluorosam console` as a user runs it: what it serves, what it says when it cannot, how it ends."""

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]

PROGRAM = "from fluorosam_ros.cli import main; main()"


def start(*arguments):
    command = [sys.executable, "-c", PROGRAM, "console", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fetch(address, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=10) as answer:
        return answer.status, answer.read().decode("utf-8", "replace")


@pytest.fixture(scope="module")
def running():
    pytest.importorskip("nicegui", reason="NiceGUI is not installed: pip install -e .[console]")
    process = start("--port", "0")
    address = None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            address = found[0]
            break
    assert address, "it ended without an address"
    yield process, address
    if process.poll() is None:
        process.kill()
    process.wait()


def test_the_page_takes_nothing_from_elsewhere(running):
    _, address = running
    status, html = fetch(address)
    assert status == 200 and "EMERGENCY STOP" in html
    linked = re.findall(r"""(?:src|href)=["']([^"']+)|url\(["']?([^"')]+)|from ["']([^"']+)""", html)
    names = {name for found in linked for name in found if name}
    assert len(names) > 5 and not [n for n in names if re.match(r"(https?:)?//", n) and not n.startswith(address)]
    # Style sheets may take fonts from elsewhere.
    for sheet in [n for n in names if n.endswith(".css")]:
        assert "://" not in " ".join(re.findall(r"url\([^)]*\)", fetch(address + sheet)[1]))


def test_the_stop_can_be_posted_and_an_image_that_is_not_there_is_not_found(running):
    _, address = running
    end = time.monotonic() + 20
    while True:  # the page is there a little before the line to ROS
        try:
            assert fetch(f"{address}/emergency_stop", "POST")[0] == 204
            break
        except urllib.error.HTTPError as error:
            assert error.code == 503 and time.monotonic() < end
            time.sleep(0.1)
    for path in ("/picture/raw/1.jpg", "/picture/nonsense/1.jpg"):
        with pytest.raises(urllib.error.HTTPError):
            fetch(address + path)


def test_a_port_that_is_taken_is_one_sentence(running):
    _, address = running
    other = start("--port", address.rpartition(":")[2])
    text, _ = other.communicate(timeout=60)
    assert other.returncode == 1 and "cannot be served" in text and "Traceback" not in text


def test_ctrl_c_ends_it_soon(running):
    process, address = running
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    with pytest.raises(urllib.error.URLError):
        fetch(address)


def test_without_nicegui_it_says_what_to_install():
    hide = "import sys; sys.modules['nicegui'] = None; " + PROGRAM
    for arguments in (["console"], ["up", "--console"]):
        done = subprocess.run([sys.executable, "-c", hide, *arguments], capture_output=True, text=True, timeout=120)
        assert done.returncode == 2
        assert done.stderr.strip() == "fluorosam: The console needs NiceGUI: run `pip install -e .[console]`."
