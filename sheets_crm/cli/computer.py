"""The few facts about a computer on which the buttons of a workbook depend, behind one seam."""

from __future__ import annotations

import ntpath
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol


class Computer(Protocol):
    """The few facts about a computer that matter; tests play them."""

    platform: str
    """As Python names it: win32, darwin, linux."""
    python: str
    """The path of the Python that runs this."""
    home: str

    def version(self, package: str) -> str | None:
        """The version of an installed package."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""

    def content(self, path: str) -> bytes | None:
        """What stands in a file, or in a stream of one (`name:stream` on Windows); None where there is none."""

    def registry(self, key: str, name: str) -> int | str | None:
        """A value of Windows' registry; `key` begins with HKCU or HKLM."""

    def subkeys(self, key: str) -> Sequence[str]:
        """The names of the keys below one of Windows' registry."""

    def environment(self, name: str) -> str:
        """A variable of the environment; blank if there is none."""

    def quarantined(self, path: str) -> bool | None:
        """Whether macOS keeps a mark that the file came from elsewhere; None where that cannot be told."""

    def remote(self, path: str) -> bool:
        """Whether the path is on a drive of the network."""


class ThisComputer:
    """The facts as they are."""

    def __init__(self) -> None:
        self.platform = sys.platform
        self.python = sys.executable
        self.home = str(Path.home())

    def version(self, package: str) -> str | None:
        """The version of an installed package."""
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - see session

        try:
            return version(package)
        except PackageNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return os.path.exists(path)  # noqa: PTH110 - the path is a text of the system's own

    def content(self, path: str) -> bytes | None:
        """What stands in a file or a stream of one."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - a stream's name is no path
                return file.read(1 << 20)
        except OSError:
            return None

    def registry(self, key: str, name: str) -> int | str | None:
        """A value of Windows' registry."""
        if sys.platform != "win32":
            return None
        import winreg  # noqa: PLC0415 - on Windows alone

        for found in self._opened(key):
            try:
                value = winreg.QueryValueEx(found, name)[0]
            except OSError:
                continue
            if isinstance(value, int | str):
                return value
        return None

    def subkeys(self, key: str) -> Sequence[str]:
        """The names of the keys below one of Windows' registry."""
        if sys.platform != "win32":
            return ()
        import winreg  # noqa: PLC0415 - on Windows alone

        for found in self._opened(key):
            return [winreg.EnumKey(found, at) for at in range(winreg.QueryInfoKey(found)[0])]
        return ()

    def _opened(self, key: str) -> Iterator[Any]:
        """The key as programs of 64 and of 32 bits see it, as far as it exists."""
        if sys.platform != "win32":
            return
        import winreg  # noqa: PLC0415 - on Windows alone

        roots = {"HKCU": winreg.HKEY_CURRENT_USER, "HKLM": winreg.HKEY_LOCAL_MACHINE}
        root, _, rest = key.partition("\\")
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            try:
                found = winreg.OpenKey(roots[root], rest, 0, winreg.KEY_READ | view)
            except OSError:
                continue
            with found:
                yield found

    def environment(self, name: str) -> str:
        """A variable of the environment."""
        return os.environ.get(name, "")

    def quarantined(self, path: str) -> bool | None:
        """Whether the file has the attribute com.apple.quarantine, asked of macOS' own xattr."""
        import subprocess  # noqa: PLC0415 - see session

        try:
            done = subprocess.run(["/usr/bin/xattr", path], capture_output=True, timeout=10, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired):
            return None
        return b"com.apple.quarantine" in done.stdout if done.returncode == 0 else None

    def remote(self, path: str) -> bool:
        """Whether the path is on a drive of the network; known on Windows alone."""
        if sys.platform != "win32":
            return False
        import ctypes  # noqa: PLC0415 - see session

        drive = ntpath.splitdrive(path)[0]
        return bool(drive) and ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == 4  # DRIVE_REMOTE
