import type { ChuteName, Definition, Service, ServiceName } from '../chute.ts';
import { type ImageRecipe, isContainer } from '../container.ts';
import { buildRecipe } from '../definition/build-recipe.ts';
import { canonical, type Json } from '../json.ts';
import { ORDER } from '../phases.ts';
import type { Change, PlanContext } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { imageName } from './container-spec.ts';
import { fetchIdsOf } from './files.ts';
import { directoryIdsOf } from './name.ts';
import { fateOf } from './service-fate.ts';

/**
 * Has the images of all containers that will start, and sees that they can run here: before anything
 * that runs is touched. What is there already is found again, so that they are asked for each time:
 * somebody may have cleaned up meanwhile. Pure.
 */
export function imageSteps(change: Change, context: PlanContext): readonly StepDraft[] {
  const { chute, desired } = change;
  if (!desired) return [];
  const starting = startingImages(change, context);
  if (starting.length === 0) return [];
  const drafts = starting.map(({ service, image, first }): readonly StepDraft[] =>
    first === service ? [have(change, service, image)] : [],
  );
  const images = [...new Set(starting.map(({ image }) => image))].toSorted(textOrder);
  return [
    ...drafts.flat(),
    {
      id: checkId(chute),
      phase: ORDER['image.check@1'],
      kind: 'image.check@1',
      args: { chute, images },
      needs: [...new Set(starting.map(({ first, pulled }) => imageId(chute, first, pulled)))],
      title: `see that ${images.join(', ')} can run here`,
    },
  ];
}

/** The step behind which the images of what starts are there, if the plan has one. Pure. */
export function imageIdsOf(change: Change, context: PlanContext): readonly StepId[] {
  return startingImages(change, context).length > 0 ? [checkId(change.chute)] : [];
}

/**
 * Drops what nobody names any more: behind the commit. What ran until now stays for one more change,
 * as its files do. Pure.
 */
export function imageDrops(change: Change, context: PlanContext): readonly StepDraft[] {
  const { chute, before, desired } = change;
  const had = before?.definition ? imagesOf(before.definition) : [];
  const wanted = desired ? imagesOf(desired.definition) : [];
  const isGone = had.some((image) => !wanted.includes(image)) || isMadeAnew(change);
  if (!before?.definition || !isGone) return [];
  const others = Object.entries(context.applied.chutes).filter(([name]) => name !== chute);
  const shared = [
    ...others.flatMap(([, { definition }]) => (definition ? imagesOf(definition) : [])),
    ...context.changes.flatMap((each) =>
      each.desired && each.chute !== chute ? imagesOf(each.desired.definition) : [],
    ),
  ];
  const keep = desired ? [...wanted, ...had] : [];
  return [
    {
      id: `${chute}/image.drop`,
      phase: ORDER['image.drop@1'],
      kind: 'image.drop@1',
      args: {
        chute,
        keep: inOrder(keep),
        shared: inOrder(shared),
        recipes: desired ? recipesOf(before.definition) : [],
      },
      title: desired
        ? `drop images of ${chute} older than the ones before`
        : `drop the images of ${chute}`,
      afterCommit: true,
    },
  ];
}

const inOrder = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].toSorted(textOrder);

type StartingImage = {
  readonly service: ServiceName;
  readonly image: string;
  readonly pulled: boolean;
  /** The first of its services that needs this image. */
  readonly first: ServiceName;
};

function startingImages(change: Change, context: PlanContext): readonly StartingImage[] {
  const services = change.desired?.definition.services ?? {};
  const first = new Map<string, ServiceName>();
  return [...fateOf(change, context).starting].flatMap(([service, spec]): StartingImage[] => {
    if (!isContainer(spec)) return [];
    const { image } = spec;
    if (!first.has(image)) first.set(image, service);
    const pulled = services[service]?.type === 'image';
    return [{ service, image, pulled, first: first.get(image) ?? service }];
  });
}

/** Pulls or builds one image. */
function have(change: Change, service: ServiceName, image: string): StepDraft {
  const { chute, before, desired } = change;
  const made = desired?.definition.services[service];
  const recipe = made && builtOf(made);
  if (!recipe)
    return {
      id: imageId(chute, service, true),
      phase: ORDER['image.pull@1'],
      kind: 'image.pull@1',
      args: { chute, image },
      title: `have image ${image}`,
      undo: 'drop it if it was not there',
    };
  const isNew = recipeOf(before?.definition, service) !== recipeOf(desired.definition, service);
  return {
    id: imageId(chute, service, false),
    phase: ORDER['image.build@1'],
    kind: 'image.build@1',
    args: {
      chute,
      service,
      image,
      ...recipe,
    },
    needs: [...directoryIdsOf(change), ...fetchIdsOf(chute, before, recipe.release)],
    title: isNew ? `build image ${image}` : `see that image ${image} is built`,
    undo: 'give its name back to the one before',
  };
}

/** Whether an image goes on being called what it is called and is made of something else. */
const isMadeAnew = ({ before, desired }: Change): boolean =>
  Object.keys(desired?.definition.services ?? {}).some(
    (service) =>
      before?.definition?.services[service] !== undefined &&
      recipeOf(before.definition, service) !== recipeOf(desired?.definition, service),
  );

/** All that an image is made of. */
function recipeOf(definition: Definition | null | undefined, name: ServiceName): string {
  const service = definition?.services[name];
  if (!definition || !service) return '';
  const recipe = buildRecipe(service) as Json;
  return canonical([imageName(definition, name, service), recipe, service.source?.digest ?? null]);
}

/** What the images of a version were built of, by their names: the order of data is no part of a plan. */
const recipesOf = (
  definition: Definition,
): readonly (ImageRecipe & { readonly service: ServiceName })[] =>
  Object.entries(definition.services)
    .flatMap(([service, made]) => {
      const recipe = builtOf(made);
      return recipe ? [{ service, ...recipe }] : [];
    })
    .toSorted((a, b) => textOrder(a.service, b.service));

/** What the image of a service is built of; null where it is pulled. */
function builtOf(service: Service): ImageRecipe | null {
  const recipe = buildRecipe(service);
  if ('lacks' in recipe || recipe.from === 'image') return null;
  const release = service.source?.digest ?? null;
  return { release, dockerfile: recipe.from === 'text' ? recipe.dockerfile : null };
}

const imagesOf = (definition: Definition): readonly string[] =>
  Object.entries(definition.services).map(([name, service]) =>
    imageName(definition, name, service),
  );

const checkId = (chute: ChuteName): StepId => `${chute}/image.check`;

const imageId = (chute: ChuteName, service: ServiceName, pulled: boolean): StepId =>
  `${chute}/${service}/image.${pulled ? 'pull' : 'build'}`;
