/** How a service ended that was stopped and had ended before. */
export const NOT_RUNNING = 'was not running';
