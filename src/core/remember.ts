/**
 * The same function, which works out each frozen object once. Pure as long as `make` is: what is applied
 * is frozen by the fold, so that a plan need not look at a thousand chutes again that stay as they are.
 * An object that could change is looked at anew each time.
 */
export function rememberFrozen<Key extends object, Value>(
  make: (key: Key) => Value,
): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    const found = known.get(key);
    if (found) return found.value;
    const value = make(key);
    if (Object.isFrozen(key)) known.set(key, { value });
    return value;
  };
}

/** The same for a list and whose it is: of each frozen list the last owner's value is remembered. */
export function rememberOwned<Key extends object, Value>(
  make: (owner: string, key: Key) => Value,
): (owner: string, key: Key) => Value {
  const known = new WeakMap<Key, { readonly owner: string; readonly value: Value }>();
  return (owner, key) => {
    const found = known.get(key);
    if (found?.owner === owner) return found.value;
    const value = make(owner, key);
    if (Object.isFrozen(key)) known.set(key, { owner, value });
    return value;
  };
}
