import { loadBusybox, PrivateDocker, whyNoDocker } from './private-docker.ts';
console.log(whyNoDocker());
console.time('start');
const d = await PrivateDocker.start();
console.timeEnd('start');
try {
  console.time('busybox');
  await loadBusybox(d);
  console.timeEnd('busybox');
  const api = d.api();
  const id = await api.createContainer('try', { Image: 'busybox:test', Cmd: ['sh','-c','echo hi; sleep 100'], Labels: {a:'b'}, HostConfig: {Init:true, LogConfig: { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } }, Memory: 64*1024*1024, MemorySwap: -1} });
  await api.startContainer(id);
  console.log(await api.exec(id, ['sh','-c','ls -la /; exit 3'], 1000));
  await api.updateContainer(id, {CpuShares: 300, Memory: 2**50, MemorySwap: -1});
  console.log((await api.container(id))?.HostConfig);
  console.log(await api.logs(id, 10));
  console.time('kill'); await d.endDaemon('SIGKILL'); await d.startDaemon(); console.timeEnd('kill');
  console.log((await api.container('try'))?.State);
} finally { console.time('destroy'); await d.destroy(); console.timeEnd('destroy'); }
