/** How requests of the supervisor are told from those that somebody made. */
export const SUPERVISOR = 'supervisor';
