/** What the containers of a root hold: who listens for them is a process of somebody else's. */
export type ContainerPorts = {
  /** Published ones, `18080/tcp`. */
  readonly ports: readonly string[];
  /** Of containers, some of which may be on the network of the host. */
  readonly ids: readonly string[];
};
