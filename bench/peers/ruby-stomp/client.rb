# The gem stomp at work: SCENARIO TRANSPORT PORT COUNT BODY.

require 'json'
require 'stomp'

scenario, _, port, count, size = ARGV
count = count.to_i
body = 'x' * size.to_i
destination = '/queue/bench'
window = 1000

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def receive(connection, command)
  frame = connection.receive
  abort "a #{frame&.command} instead of a #{command}" unless frame && frame.command == command
  frame
end

connection = Stomp::Connection.new(
  hosts: [{ login: '', passcode: '', host: '127.0.0.1', port: port.to_i, ssl: false }],
  connect_headers: { 'accept-version' => '1.2', 'host' => '/', 'heart-beat' => '0,0' },
  reliable: false
)
latencies = []
cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
began = now
case scenario
when 'fire'
  (count - 1).times { connection.publish(destination, body) }
  connection.publish(destination, body, 'receipt' => 'last')
  receive(connection, 'RECEIPT')
when 'confirm'
  count.times do |i|
    start = now
    connection.publish(destination, body, 'receipt' => i.to_s)
    receive(connection, 'RECEIPT')
    latencies << (now - start) * 1e6
  end
when 'pipeline'
  times = {}
  sent = done = 0
  while done < count
    if sent < count && sent - done < window
      times[sent] = now if (sent % 16).zero?
      connection.publish(destination, body, 'receipt' => sent.to_s)
      sent += 1
    else
      receive(connection, 'RECEIPT')
      start = times.delete(done)
      latencies << (now - start) * 1e6 if start
      done += 1
    end
  end
when 'deliver'
  connection.subscribe("/push/1/#{count}/#{size}", 'id' => '1', 'ack' => 'auto')
  count.times { receive(connection, 'MESSAGE') }
else
  abort "there is no scenario #{scenario}"
end
record = { count: count, seconds: now - began,
           cpu_seconds: Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu,
           peak_kib: File.read('/proc/self/status')[/VmHWM:\s*(\d+)/, 1].to_i }
unless latencies.empty?
  latencies.sort!
  { p50_us: 0.5, p99_us: 0.99, p999_us: 0.999 }.each do |name, share|
    record[name] = latencies[(share * (latencies.size - 1)).to_i]
  end
end
puts record.to_json
$stdout.flush
exit!(0)
