import { isNetworkAddress, networkAround, parseAddress } from '../allocate/ipv4.ts';
import { rawPublicKey } from './policy.ts';
import type { Shape } from './shape.ts';

const text = (what: string, fits: (text: string) => boolean, hint?: string): Shape => ({
  is: 'text',
  what,
  fits,
  ...(hint !== undefined && { hint }),
});

const list = (of: Shape): Shape => ({ is: 'list', of });
const listOrOne = (of: Shape): Shape => ({ is: 'list', of, orOne: true });

const FLAG: Shape = { is: 'flag' };
const LINE = text('a text of one line', (given) => given !== '' && !/\p{Cc}/u.test(given));
const ADDRESS = text(
  'an IPv4 address',
  (given) => parseAddress(given) !== null,
  'for example 192.168.1.1',
);
const NETMASK = text(
  'a netmask',
  (given) => networkAround(`0.0.0.0/${given}`) !== null,
  'for example 255.255.255.0',
);
const DEVICE = text(
  'the name of a network device',
  (given) => /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/.test(given),
  'at most 15 letters, digits, _, . and -',
);
const POOL = text(
  'auto or a network',
  (given) => {
    const network = networkAround(given);
    return given === 'auto' || (network !== null && isNetworkAddress(given, network));
  },
  'for example auto or 10.128.0.0/9',
);

const SECONDS_A_YEAR = 31_536_000;
const secret = (lengthMin: number, lengthMax: number): Shape => ({
  is: 'secret',
  lengthMin,
  lengthMax,
});

const DHCP: Shape = {
  is: 'map',
  fields: {
    leasetime: LINE,
    lease: LINE,
    start: { is: 'number', from: 1, to: 2 ** 24 },
    limit: { is: 'number', from: 1, to: 2 ** 24 },
    dns: listOrOne(ADDRESS),
    relay: listOrOne(LINE),
  },
};

/** What only OpenWrt's own firewall reads. */
const FIREWALL: Shape = {
  is: 'map',
  fields: {
    defaults: { is: 'map', fields: {}, others: { is: 'plain' } },
    forwarding: list({ is: 'anything' }),
    rules: list({ is: 'anything' }),
  },
};

const WIFI_INTERFACE: Shape = {
  is: 'map',
  needs: ['device', 'ssid'],
  fields: {
    device: LINE,
    ssid: text('1 to 32 bytes', (given) => {
      const bytes = new TextEncoder().encode(given).length;
      return bytes >= 1 && bytes <= 32;
    }),
    mode: { is: 'word', words: ['ap'] },
    network: { is: 'word', words: ['lan'] },
    ifname: DEVICE,
    encryption: LINE,
    key: secret(8, 63),
    hidden: FLAG,
    isolate: FLAG,
    maxassoc: { is: 'number', from: 1, to: 2007 },
    nasid: LINE,
    auth_server: LINE,
    auth_secret: secret(1, 128),
    acct_server: LINE,
    acct_secret: secret(1, 128),
    acct_interval: { is: 'number', from: 1, to: 86_400 },
  },
};

/** What may stand where in a host configuration. */
export const FORMAT: Shape = {
  is: 'map',
  fields: {
    kind: { is: 'word', words: ['host'] },
    firewall: FIREWALL,
    lan: {
      is: 'map',
      fields: {
        proto: { is: 'word', words: ['static', 'auto'] },
        ipaddr: ADDRESS,
        netmask: NETMASK,
        interfaces: listOrOne(DEVICE),
        dhcp: DHCP,
        firewall: FIREWALL,
      },
    },
    wan: {
      is: 'map',
      fields: {
        interface: DEVICE,
        proto: { is: 'word', words: ['dhcp', 'static'] },
        ipaddr: ADDRESS,
        netmask: NETMASK,
        gateway: ADDRESS,
        dns: listOrOne(ADDRESS),
        firewall: FIREWALL,
      },
    },
    wifi: list({ is: 'map', fields: {}, others: { is: 'plain' } }),
    'wifi-interfaces': list(WIFI_INTERFACE),
    'vlan-interfaces': list({
      is: 'map',
      needs: ['id'],
      fields: {
        id: { is: 'number', from: 1, to: 4094 },
        name: DEVICE,
        proto: { is: 'word', words: ['static', 'none'] },
        ipaddr: ADDRESS,
        netmask: NETMASK,
        dhcp: DHCP,
        firewall: FIREWALL,
      },
    }),
    system: {
      is: 'map',
      fields: {
        chuteSubnetPool: POOL,
        chutePrefixSize: { is: 'number', from: 1, to: 30 },
        onMissingWiFi: { is: 'word', words: ['ignore', 'warn', 'reboot'] },
        allowMonitorMode: FLAG,
        allowUnpinnedDownloads: FLAG,
        autoUpdate: FLAG,
      },
    },
    telemetry: {
      is: 'map',
      fields: { enabled: FLAG, interval: { is: 'number', from: 1, to: SECONDS_A_YEAR } },
    },
    zerotier: {
      is: 'map',
      fields: {
        enabled: FLAG,
        networks: list(
          text('the id of a network', (given) => /^[0-9a-f]{16}$/.test(given), '16 hex digits'),
        ),
      },
    },
    trust: list({
      is: 'map',
      needs: ['name', 'publicKey'],
      fields: {
        name: LINE,
        publicKey: text(
          'an ed25519 public key in base64',
          (given) => rawPublicKey(given) !== null,
          'the line that openssl pkey -in KEY.pem -pubout prints between the dashes',
        ),
      },
    }),
    retention: {
      is: 'map',
      fields: {
        ageDays: { is: 'number', from: 1, to: 36_500 },
        sizeMiB: { is: 'number', from: 1, to: 2 ** 20 },
        updates: { is: 'number', from: 1, to: 2 ** 20 },
      },
    },
    defaults: {
      is: 'map',
      fields: {
        onInterrupt: { is: 'word', words: ['resume', 'rollback'] },
        mode: { is: 'word', words: ['refuse', 'queue', 'supersede'] },
      },
    },
  },
};
