import { BlockList, isIP } from "node:net";

/** Everything that IANA lists as special: what a stranger's page has no business to be. */
const SPECIAL_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Cloud metadata and resolvers of providers that use public addresses for them.
  "168.63.129.16/32",
  "100.100.100.200/32",
];

/** Inside of 2000::/3, which alone is public; all else (mapped, NAT64, link-local, unique local, multicast) is not. */
const SPECIAL_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

function listOf(family: "ipv4" | "ipv6", ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = "", bits] = range.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

const specialV4 = listOf("ipv4", SPECIAL_V4);
const specialV6 = listOf("ipv6", SPECIAL_V6);
const globalV6 = listOf("ipv6", ["2000::/3"]);

/** Whether an IP address belongs to the open internet. Anything that is no plain address does not. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !specialV4.check(address, "ipv4");
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (isIP(address) !== 6 || address.includes("%")) return false;
  return globalV6.check(address, "ipv6") && !specialV6.check(address, "ipv6");
}
