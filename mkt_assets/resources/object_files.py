"""Files in a bucket of object storage, through obstore; and what its errors mean to a person.

An object is put whole or not at all, and never renamed. That a file is in use is a second, empty object below
`.used/`: to write a file again only to make it young would cost its bytes twice, and whoever removes it could not tell.

Not here: what is promised of files (resources/files), drops in a bucket (resources/drops).
"""

from __future__ import annotations

import errno
import math
import os
import re
import time
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore import exceptions

from mkt_assets.resources.files import FilesAwayError, FilesSetupError, StoredFile

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Config, S3Store

_USED = ".used/"
_AT_ONCE = 16
_LIST_AT_ONCE = 1000
_CONNECT_SECONDS = 5
_REQUEST_SECONDS = 60
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_OF_A_CLOUD_MACHINE = "//169.254.169.254/"  # where obstore asks for keys if there are none
_DENIED = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
_KEEPS_NO_VERSIONS = (None, "null")


class ObjectFiles:
    """A `FileStore` below `s3://bucket/prefix`; address and keys are those of AWS_*, and are never shown."""

    def __init__(self, address: str, *, patience_seconds: float = 120.0) -> None:
        self.address = address.rstrip("/")
        self._patience = timedelta(seconds=patience_seconds)

    @cached_property
    def store(self) -> S3Store:
        """The bucket as obstore has it, with its retries of what may pass."""
        from obstore.store import S3Store

        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        config: S3Config = {"endpoint": endpoint} if endpoint else {}
        with self._said():
            return S3Store.from_url(
                self.address,
                client_options={
                    "allow_http": bool(endpoint) and urlsplit(endpoint).scheme == "http",
                    "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                    "timeout": min(timedelta(seconds=_REQUEST_SECONDS), self._patience),
                },
                retry_config={"max_retries": 10, "retry_timeout": self._patience},
                config=config,
            )

    def below(self, folder: str) -> ObjectFiles:
        """The same of a folder."""
        return ObjectFiles(f"{self.address}/{folder}", patience_seconds=self._patience.total_seconds())

    def location(self, name: str = "") -> str:
        """The address of the object `name`, or of all."""
        return f"{self.address}/{self._key(name)}" if name else self.address

    def exists(self, name: str) -> bool:
        """Whether there is such an object, with something in it."""
        found = self.head(name)
        return found is not None and found["size"] > 0

    def read(self, name: str) -> bytes:
        """The bytes of the object `name`."""
        with self._said(name):
            return obstore.get(self.store, self._key(name)).bytes().to_bytes()

    def write(self, name: str, data: bytes) -> str:
        """Put the object, whole; an older one of the name is replaced."""
        with self._said(name):
            # in one request: parts of a large one that is cut off would stay, unseen and paid for
            obstore.put(self.store, self._key(name), data, use_multipart=False)
        return self.location(name)

    def add(self, name: str, data: bytes) -> bool:
        """Put the object unless it is there; whether it is new."""
        self._mark(
            name
        )  # before: whoever removes an old one in this moment finds it in use, and puts it back
        try:
            with self._said(name):
                obstore.put(self.store, self._key(name), data, mode="create", use_multipart=False)
        except exceptions.AlreadyExistsError:
            if self.exists(name):
                return False
            self.write(name, data)  # empty, or removed in this moment
        return True

    def touch(self, names: Collection[str]) -> set[str]:
        """Mark objects as in use now; gives those that are there."""
        return {
            name for name, is_there in zip(names, self._each(self._touch, names), strict=True) if is_there
        }

    def remove(self, name: str, *, unless_used_since: float = math.inf) -> bool:
        """Remove the object and its mark unless it was used since; whether it was removed."""
        found = self.head(name)
        if found is None or max(_time(found), self._marked(name)) >= unless_used_since:
            return False
        try:
            data = b"" if unless_used_since == math.inf else self.read(name)
        except FileNotFoundError:
            return False
        with self._said(name):
            obstore.delete(self.store, self._key(name))
            # a run marks before it looks: if it saw the object just before it went, its mark is there by now
            if self._marked(name) >= unless_used_since:
                self.add(name, data)
                return False
            obstore.delete(self.store, _USED + self._key(name))
        return True

    def files(self, folder: str = "") -> Iterator[StoredFile]:
        """All objects below a folder; marks of objects that are no more are such, too."""
        marks = {meta["path"].removeprefix(_USED): meta for meta in self.listed(_USED + folder)}
        for meta in self.listed(folder):
            if meta["path"].startswith(_USED):
                continue
            mark = marks.pop(meta["path"], None)
            used_at = max(_time(meta), _time(mark) if mark else -math.inf)
            yield StoredFile(meta["path"], meta["size"], used_at)
        for mark in marks.values():
            yield StoredFile(mark["path"], mark["size"], _time(mark))

    def prune(self, folder: str, keep: Collection[str]) -> None:
        """Remove the objects of a folder whose names are not in `keep`."""
        gone = [meta["path"] for meta in self.listed(folder) if meta["path"] not in keep]
        with self._said(folder):
            if gone:
                obstore.delete(self.store, gone)

    def head(self, name: str) -> ObjectMeta | None:
        """What the bucket knows of the object `name`; None if there is none."""
        try:
            with self._said(name):
                return obstore.head(self.store, self._key(name))
        except FileNotFoundError:
            return None

    def listed(self, folder: str = "") -> Iterator[ObjectMeta]:
        """What the bucket knows of each object below a folder, in the order of their names."""
        prefix = f"{self._key(folder)}/" if folder.strip("/") else None
        with self._said(folder):
            for part in obstore.list(self.store, prefix, chunk_size=_LIST_AT_ONCE):
                yield from part

    def parts(self, name: str, e_tag: str | None, n_bytes: int) -> Iterator[bytes]:
        """The bytes of an object that has the ETag, in parts of about `n_bytes`.

        Raises:
            FileNotFoundError: if there is none, or it has another by now.
        """
        where = self.location(name)
        try:
            with self._said(name):
                got = obstore.get(self.store, self._key(name), options={"if_match": e_tag} if e_tag else {})
                yield from got.stream(min_chunk_size=n_bytes)
        except exceptions.PreconditionError:
            raise FileNotFoundError(errno.ENOENT, "the object has changed", where) from None

    def folders(self) -> list[str]:
        """Names of the folders right below the place."""
        with self._said():
            found = obstore.list_with_delimiter(self.store)["common_prefixes"]
        return [path.rstrip("/") for path in found]

    def keeps_versions(self) -> bool:
        """Whether the bucket keeps what is removed or replaced, as the put of a tiny object tells; it is removed."""
        name = f".probe-{os.getpid()}-{time.time_ns()}"
        with self._said(name):
            version = obstore.put(self.store, name, b"written by mkt", use_multipart=False)["version"]
            if obstore.get(self.store, name).bytes().to_bytes() != b"written by mkt":
                raise FilesSetupError(
                    f"{self.address} does not give back what was put there: see its server's log."
                )
            obstore.delete(self.store, name)
        return version not in _KEEPS_NO_VERSIONS

    def _each(self, ask: Callable[[str], bool], names: Collection[str]) -> list[bool]:
        if len(names) < 2:
            return [ask(name) for name in names]
        with ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool:
            return list(pool.map(ask, names))

    def _touch(self, name: str) -> bool:
        self._mark(name)
        if self.exists(name):
            return True
        with self._said(name):
            obstore.delete(self.store, _USED + self._key(name))
        return False

    def _mark(self, name: str) -> None:
        with self._said(name):
            obstore.put(self.store, _USED + self._key(name), b"", use_multipart=False)

    def _marked(self, name: str) -> float:
        found = self.head(_USED + name)
        return -math.inf if found is None else _time(found)

    def _key(self, name: str) -> str:
        """The name, of which every part is a plain one.

        Raises:
            ValueError: if it leads out of the place, or holds control characters.
        """
        if not is_plain(name.removesuffix("/")):
            raise ValueError(f"{name!r} leads out of {self.address}.")
        return name.removesuffix("/")

    @contextmanager
    def _said(self, name: str = "") -> Generator[None]:
        """Errors of the bucket, as sentences for who has set it."""
        where = f"{self.address}/{name}" if name else self.address
        try:
            yield
        except (FileNotFoundError, exceptions.GenericError) as error:
            if "NoSuchBucket" in str(error):
                bucket = urlsplit(self.address).netloc
                raise FilesSetupError(
                    f"there is no bucket {bucket}: make it, or correct the setting that names {self.address}."
                ) from None
            if isinstance(error, exceptions.GenericError):
                raise _of_the_bucket(error, self.address) from None
            raise FileNotFoundError(errno.ENOENT, "there is no such object", where) from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise _denied(where, _code(error)) from None


def is_plain(name: str) -> bool:
    """Whether a name is a relative path of plain parts: not absolute, no `..` or empty part, no control character."""
    if not name:
        return True
    parts = name.split("/")
    return not _UNSAFE.search(name) and "\\" not in name and not {"", ".", ".."}.intersection(parts)


def _of_the_bucket(error: exceptions.GenericError, address: str) -> Exception:
    """What a general error is: of the settings, or one that may pass."""
    message = str(error).partition("\n")[0]
    if "parsing Path" in message or "InvalidPath" in message:
        return FilesSetupError(
            f"{address} holds an object whose key is no path of files ({message[-200:]}): rename or remove it."
        )
    if _OF_A_CLOUD_MACHINE in message:
        return FilesSetupError(
            f"there are no keys for {address}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "Amazon's S3"
    if (code := _code(error, default="")) in _DENIED:
        return _denied(address, code)
    if code:
        return FilesSetupError(f"{address} refuses what was asked of it ({code}); its address is {endpoint}.")
    # without the endless debugging details; an address has no secrets in it, a signed one would
    reason = re.sub(r"https?://\S+", "", message.rpartition(" - ")[2])[:200]
    return FilesAwayError(
        f"{address} does not answer at {endpoint} ({reason}): see whether it runs, or correct AWS_ENDPOINT_URL; "
        "what was stored before is unharmed."
    )


def _denied(where: str, code: str) -> FilesSetupError:
    return FilesSetupError(
        f"{where} may not be used with these keys ({code}): correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "what they may do there."
    )


def _code(error: Exception, default: str = "denied") -> str:
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    code = found[1] if found else default
    return default if code in ("InternalError", "SlowDown", "ServiceUnavailable") else code


def _time(meta: ObjectMeta) -> float:
    return meta["last_modified"].timestamp()
