<?php
// php-stomp at work: SCENARIO TRANSPORT PORT COUNT BODY. A send with a receipt waits for it, so there is no pipeline.

function cpu(): float
{
    $usage = getrusage();
    return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']
        + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
}

[, $scenario, , $port, $count, $size] = $argv;
$count = (int)$count;
$body = str_repeat('x', (int)$size);
$destination = '/queue/bench';
$latencies = [];
$stomp = new Stomp("tcp://127.0.0.1:$port");
$cpu = cpu();
$began = hrtime(true);
if ($scenario === 'fire') {
    for ($i = 1; $i < $count; ++$i) {
        $stomp->send($destination, $body);
    }
    $stomp->send($destination, $body, ['receipt' => 'last']) or exit(1);
} elseif ($scenario === 'confirm') {
    for ($i = 0; $i < $count; ++$i) {
        $start = hrtime(true);
        $stomp->send($destination, $body, ['receipt' => (string)$i]) or exit(1);
        $latencies[] = (hrtime(true) - $start) / 1e3;
    }
} elseif ($scenario === 'deliver') {
    $stomp->subscribe("/push/1/$count/$size", ['id' => '1', 'ack' => 'auto']);
    $stomp->setReadTimeout(30);
    for ($i = 0; $i < $count; ++$i) {
        if (!$stomp->readFrame()) {
            fwrite(STDERR, "only $i messages came\n");
            exit(1);
        }
    }
} else {
    fwrite(STDERR, "there is no scenario $scenario\n");
    exit(1);
}
$seconds = (hrtime(true) - $began) / 1e9;
preg_match('/VmHWM:\s*(\d+)/', file_get_contents('/proc/self/status'), $peak);
$record = ['count' => $count, 'seconds' => $seconds, 'cpu_seconds' => cpu() - $cpu, 'peak_kib' => (int)$peak[1]];
if ($latencies) {
    sort($latencies);
    foreach (['p50_us' => 0.5, 'p99_us' => 0.99, 'p999_us' => 0.999] as $name => $share) {
        $record[$name] = $latencies[(int)($share * (count($latencies) - 1))];
    }
}
echo json_encode($record), "\n";
