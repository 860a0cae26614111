"""A window without a server: its desk, and a client of its routes."""

from __future__ import annotations

import asyncio

import httpx
from scripted_window import ScriptedReader

from longsum.window.app import window_app
from longsum.window.desk import Desk
from longsum.window.events import EventLog
from longsum.window.launch import Keys

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"


class Table:
    """A desk, a client that is logged in, and what was said."""

    def __init__(self, config):
        self.desk = Desk(config, EventLog())
        self.keys, self.quits = Keys(), []
        app = window_app(self.desk, PORT, self.keys, lambda: self.quits.append(1))
        token = self.keys.exchange(self.keys.code)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=BASE,
            headers={"Authorization": f"Bearer {token}"},
        )
        self.reader = ScriptedReader.made[0]

    @property
    def events(self):
        return [(event.kind, event.data) for event in self.desk.log.after(0)]

    def last(self, kind):
        return [data for each, data in self.events if each == kind][-1]

    async def get(self, path, **query):
        return await self.client.get(path, params=query)

    async def post(self, path, body=None):
        return await self.client.post(path, json=body or {})

    async def delete(self, path):
        return await self.client.delete(path)

    async def settle(self):
        for _ in range(3000):
            await asyncio.sleep(0.01)
            if not self.desk.is_busy:
                return
        raise AssertionError(self.events)
