// Stands for what fetches pictures from cameras: it waits for work and says so.
console.log('recorder waits for cameras');
const timer = setInterval(() => console.log('no camera yet'), 60_000);
process.on('SIGTERM', () => clearInterval(timer));
