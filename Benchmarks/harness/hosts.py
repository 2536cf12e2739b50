"""Two hosts on one machine: network namespaces with a third between them that passes packets on at a limited rate."""

import os
import shutil
import subprocess

from .contestants import Failed

HOSTS = ("10.9.0.1", "10.9.1.1")
GATEWAYS = ("10.9.0.254", "10.9.1.254")
#: Large packets: passing on small ones takes more of the machine's cores than it can spare beside the training.
MTU = 9000
#: Bytes that may pass at once, and that may wait: more than a bucket of gradients, so that nothing is dropped.
BURST, QUEUE = 32 * 1024, 64 * 1024 * 1024


class Hosts:
    """To be used with `with`; afterwards nothing of it is left."""

    def __init__(self):
        # A name with the number of the process, so that what a killed process has left can be told.
        mark = f"lockstep-{os.getpid()}-0"
        self.nodes = [f"{mark}-node{index}" for index in range(2)]
        self.relay = f"{mark}-relay"

    @staticmethod
    def why_not():
        """What is missing for hosts; None where nothing is."""
        if os.geteuid() != 0:
            return "network namespaces need root's privileges"
        missing = [name for name in ("ip", "tc") if not tool(name)]
        return f"there is no {' and no '.join(missing)}; install iproute2" if missing else None

    def __enter__(self):
        try:
            for name in (*self.nodes, self.relay):
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            for index, (node, address, gateway) in enumerate(zip(self.nodes, HOSTS, GATEWAYS)):
                port = f"port{index}"
                ip("link", "add", "eth0", "netns", node, "type", "veth", "peer", "name", port, "netns", self.relay)
                ip("-n", node, "addr", "add", f"{address}/24", "dev", "eth0")
                ip("-n", self.relay, "addr", "add", f"{gateway}/24", "dev", port)
                ip("-n", node, "link", "set", "eth0", "mtu", str(MTU), "up")
                ip("-n", self.relay, "link", "set", port, "mtu", str(MTU), "up")
                ip("-n", node, "route", "add", "default", "via", gateway)
            ip("netns", "exec", self.relay, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in (*self.nodes, self.relay):
            if os.path.exists(f"/run/netns/{name}"):
                ip("netns", "delete", name)

    def limit(self, rate):
        """Lets the relay pass `rate` on in each direction, as tc writes it (`200mbit`); None for no limit."""
        for port in ("port0", "port1"):
            where = [tool("tc"), "-n", self.relay, "qdisc"]
            if rate is None:
                subprocess.run([*where, "del", "dev", port, "root"], capture_output=True)
            else:
                options = ["tbf", "rate", rate, "burst", str(BURST), "limit", str(QUEUE)]
                command([*where, "replace", "dev", port, "root", *options])

    def on(self, index, words):
        """A command as it is run on a host."""
        return [tool("ip"), "netns", "exec", self.nodes[index], *map(str, words)]


def tool(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")


def ip(*words):
    command([tool("ip"), *words])


def command(words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()}")
