// stompjs at work: SCENARIO TRANSPORT PORT COUNT BODY.

import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';

const [scenario, transport, port, countText, size] = process.argv.slice(2);
const count = Number(countText);
const body = 'x'.repeat(Number(size));
const destination = '/queue/bench';
const window = 1000;

// stompjs speaks through a WebSocket's interface; this is one for a plain socket.
class TcpSocket {
    constructor() {
        this.binaryType = 'arraybuffer';
        this.readyState = 0;
        this.bufferedAmount = 0;
        this.socket = createConnection({ host: '127.0.0.1', port: Number(port), noDelay: true });
        this.socket.on('connect', () => {
            this.readyState = 1;
            this.onopen?.();
        });
        this.socket.on('data', (data) => this.onmessage?.({ data }));
        this.socket.on('close', () => {
            this.readyState = 3;
            this.onclose?.({ code: 1000, reason: '' });
        });
        this.socket.on('error', (error) => this.onerror?.(error));
    }
    send(data) {
        this.socket.write(data);
    }
    close() {
        this.socket.end();
    }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const latencies = [];

const confirmed = (client, id) =>
    new Promise((resolve) => {
        client.watchForReceipt(id, resolve);
        client.publish({ destination, body, headers: { receipt: id } });
    });

async function run(client) {
    if (scenario === 'fire') {
        for (let i = 1; i < count; ++i) {
            client.publish({ destination, body });
            if (i % 100 === 0) await nextTurn();
        }
        await confirmed(client, 'last');
    } else if (scenario === 'confirm') {
        for (let i = 0; i < count; ++i) {
            const began = process.hrtime.bigint();
            await confirmed(client, String(i));
            latencies.push(Number(process.hrtime.bigint() - began) / 1e3);
        }
    } else if (scenario === 'pipeline') {
        let next = 0;
        const worker = async () => {
            while (next < count) {
                const i = next++;
                const began = process.hrtime.bigint();
                await confirmed(client, String(i));
                if (i % 16 === 0) latencies.push(Number(process.hrtime.bigint() - began) / 1e3);
            }
        };
        await Promise.all(Array.from({ length: window }, worker));
    } else {
        await new Promise((resolve) => {
            let received = 0;
            client.subscribe(`/push/1/${count}/${size}`, () => {
                if (++received === count) resolve();
            });
        });
    }
}

const client = new Client({
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    reconnectDelay: 0,
    webSocketFactory: () =>
        transport === 'tcp' ? new TcpSocket() : new WebSocket(`ws://127.0.0.1:${port}/`, ['v12.stomp']),
});
client.onConnect = async () => {
    const cpu = process.cpuUsage();
    const began = process.hrtime.bigint();
    await run(client);
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const used = process.cpuUsage(cpu);
    const peak = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    const record = { count, seconds, cpu_seconds: (used.user + used.system) / 1e6, peak_kib: Number(peak) };
    if (latencies.length) {
        latencies.sort((a, b) => a - b);
        for (const [name, share] of [['p50_us', 0.5], ['p99_us', 0.99], ['p999_us', 0.999]])
            record[name] = latencies[Math.floor(share * (latencies.length - 1))];
    }
    process.stdout.write(JSON.stringify(record) + '\n', () => process.exit(0));
};
client.onStompError = client.onWebSocketError = (error) => {
    console.error(error);
    process.exit(1);
};
client.activate();
