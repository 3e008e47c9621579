/** Who asked. */
export type Requester = { readonly user: string; readonly role: string; readonly via: string };
