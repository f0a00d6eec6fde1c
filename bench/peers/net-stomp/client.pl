# Net::Stomp at work: SCENARIO TRANSPORT PORT COUNT BODY.

use strict;
use warnings;
use Net::Stomp;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($scenario, undef, $port, $count, $size) = @ARGV;
my $body = 'x' x $size;
my $destination = '/queue/bench';
my $window = 1000;
my @latencies;

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub cpu {
    my @times = times;
    return $times[0] + $times[1];
}

my $stomp = Net::Stomp->new({ hostname => '127.0.0.1', port => $port });
$stomp->connect({ 'accept-version' => '1.2', host => '/', 'heart-beat' => '0,0' });

sub take {
    my ($command) = @_;
    my $frame = $stomp->receive_frame;
    die "no $command came\n" unless $frame && $frame->command eq $command;
    return $frame;
}

my ($cpu, $began) = (cpu(), now());
if ($scenario eq 'fire') {
    $stomp->send({ destination => $destination, body => $body }) for 2 .. $count;
    $stomp->send({ destination => $destination, body => $body, receipt => 'last' });
    take('RECEIPT');
} elsif ($scenario eq 'confirm') {
    for my $i (1 .. $count) {
        my $start = now();
        $stomp->send({ destination => $destination, body => $body, receipt => $i });
        take('RECEIPT');
        push @latencies, (now() - $start) * 1e6;
    }
} elsif ($scenario eq 'pipeline') {
    my ($sent, $done, %times) = (0, 0);
    while ($done < $count) {
        if ($sent < $count && $sent - $done < $window) {
            $times{$sent} = now() if $sent % 16 == 0;
            $stomp->send({ destination => $destination, body => $body, receipt => $sent });
            ++$sent;
        } else {
            take('RECEIPT');
            my $start = delete $times{$done};
            push @latencies, (now() - $start) * 1e6 if defined $start;
            ++$done;
        }
    }
} elsif ($scenario eq 'deliver') {
    $stomp->subscribe({ destination => "/push/1/$count/$size", id => '1', ack => 'auto' });
    take('MESSAGE') for 1 .. $count;
} else {
    die "there is no scenario $scenario\n";
}
my ($seconds, $used) = (now() - $began, cpu() - $cpu);
open my $status, '<', '/proc/self/status' or die $!;
my ($peak) = map { /VmHWM:\s*(\d+)/ ? $1 : () } <$status>;
my $record = sprintf '"count":%d,"seconds":%.6f,"cpu_seconds":%.6f,"peak_kib":%d', $count, $seconds, $used, $peak;
if (@latencies) {
    my @ordered = sort { $a <=> $b } @latencies;
    my %shares = (p50_us => 0.5, p99_us => 0.99, p999_us => 0.999);
    $record .= sprintf ',"%s":%.2f', $_, $ordered[ int($shares{$_} * $#ordered) ] for sort keys %shares;
}
print "{$record}\n";
