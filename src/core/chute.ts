import type { JsonObject } from './json.ts';

/** A chute's name: `[a-z0-9][a-z0-9-]{1,62}`. */
export type ChuteName = string;
export type ServiceName = string;

/** The mark that stands for a secret in everything that is journaled: an HMAC, keyed per device. */
export type SecretRef = { readonly $secret: string };

export type EnvironmentValue = string | SecretRef;
export type Environment = Readonly<Record<string, EnvironmentValue>>;

/**
 * Where a service's files come from, by content. The place itself (a path, a URL) is not part of the
 * definition that is compared: the same files from another directory are the same release.
 */
export type Source = {
  readonly type: 'local' | 'archive' | 'http' | 'git';
  /** `sha256:<hex>` of the tree (local) or of the archive's bytes. Filled in while observing. */
  readonly digest: string;
  /**
   * Where an archive was found that its definition names by no digest: the first content is recorded,
   * and from then on no other is taken from there.
   */
  readonly url?: string;
};

/** Where a source was found. Travels with the request, not with the definition. */
export type SourceLocation =
  | {
      readonly type: 'local';
      readonly path: string;
      /** Files below it that are no part of it: definitions, with secrets as they are written. */
      readonly except?: readonly string[];
    }
  | { readonly type: 'archive'; readonly path: string }
  | { readonly type: 'http'; readonly url: string }
  | { readonly type: 'git'; readonly url: string; readonly commit: string };

/** What was found out about the signatures of the file that a definition was read from. */
export type Signature = {
  /** SHA-256 of the bytes that were signed. */
  readonly sha256: string;
  /** Who has signed them, of those whom the device then trusted; nobody: nobody whose key is known. */
  readonly by: readonly { readonly name: string; readonly publicKey: string }[];
  /** Services whose files these bytes do not name by their content: whoever signed says nothing of them. */
  readonly open: readonly ServiceName[];
};

/** How to see that a service is well. Times in milliseconds. */
export type Health = {
  readonly check:
    | { readonly type: 'http'; readonly port: number; readonly path: string }
    | { readonly type: 'tcp'; readonly port: number }
    | { readonly type: 'exec'; readonly command: readonly string[] }
    | { readonly type: 'alive' };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make a check fail for good within `withinMs`. */
  readonly retries: number;
  /** How long a service has to stay alive before the first answer counts. */
  readonly settleMs: number;
  readonly withinMs: number;
};

/** A published port: `external` is the key it stands under, e.g. `18080/tcp`. */
export type PortBinding = { readonly internal: number };

export type Service = {
  readonly type: 'light' | 'normal' | 'image' | 'inline';
  readonly image?: string;
  /** A text is in shell form inside a container, and split into words by the process runtime. */
  readonly command?: string | readonly string[];
  readonly source?: Source;
  readonly dockerfile?: string;
  readonly build?: {
    readonly imageSource?: string;
    readonly imageVersion?: string;
    readonly packages?: readonly string[];
  };
  readonly environment: Environment;
  readonly interfaces: Readonly<Record<string, JsonObject>>;
  /** By external port, `18080/tcp`; `auto:<internal>/<protocol>` where any free one will do. */
  readonly ports: Readonly<Record<string, PortBinding>>;
  /** By mount path. */
  readonly volumes: Readonly<Record<string, { readonly name: string }>>;
  readonly requests: {
    readonly asRoot?: boolean;
    readonly privileged?: boolean;
    readonly networkMode?: string;
    readonly cpuFraction?: number;
    /** In bytes. */
    readonly memory?: number;
    readonly priority?: 'high' | 'normal';
  };
  readonly dns: readonly string[];
  readonly needs: readonly ServiceName[];
  readonly health?: Health;
  readonly stop: { readonly signal: string; readonly graceMs: number };
};

/** What a chute should be: the normalised definition. Plain JSON, keyed maps where order is nothing. */
export type Definition = {
  readonly name: ChuteName;
  /** Absent: content decides. */
  readonly version?: number | string;
  readonly description?: string;
  readonly owner?: string;
  /** Where services find the chute's data, inside; absent: `/data`. An absolute, normal path. */
  readonly dataDir?: string;
  /** Where services find what the system tells them, read-only; absent: `/paradrop`. */
  readonly systemDir?: string;
  readonly environment: Environment;
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly web?: { readonly service: ServiceName; readonly port: number };
  readonly firewall: Readonly<Record<string, JsonObject>>;
  readonly onInterrupt?: OnInterrupt;
};

/** What becomes of an update that a crash interrupted. */
export type OnInterrupt = 'resume' | 'rollback';
