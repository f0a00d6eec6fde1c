// go-stomp at work: SCENARIO TRANSPORT PORT COUNT BODY.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-stomp/stomp/v3"
	"github.com/go-stomp/stomp/v3/frame"
)

const (
	destination = "/queue/bench"
	window      = 1000
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func cpu() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func peak() int {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	return number(regexp.MustCompile(`VmHWM:\s*(\d+)`).FindStringSubmatch(string(status))[1])
}

func send(conn *stomp.Conn, body []byte, options ...func(*frame.Frame) error) {
	must(conn.Send(destination, "text/plain", body, options...))
}

func pipeline(conn *stomp.Conn, body []byte, count int) []float64 {
	var next atomic.Int64
	var workers sync.WaitGroup
	var lock sync.Mutex
	var latencies []float64
	for i := 0; i < window; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for {
				i := next.Add(1)
				if i > int64(count) {
					return
				}
				began := time.Now()
				send(conn, body, stomp.SendOpt.Receipt)
				if i%16 == 0 {
					took := float64(time.Since(began).Nanoseconds()) / 1e3
					lock.Lock()
					latencies = append(latencies, took)
					lock.Unlock()
				}
			}
		}()
	}
	workers.Wait()
	return latencies
}

func run(conn *stomp.Conn, scenario string, count int, body []byte) (latencies []float64) {
	switch scenario {
	case "fire":
		for i := 1; i < count; i++ {
			send(conn, body)
		}
		send(conn, body, stomp.SendOpt.Receipt)
	case "confirm":
		for i := 0; i < count; i++ {
			began := time.Now()
			send(conn, body, stomp.SendOpt.Receipt)
			latencies = append(latencies, float64(time.Since(began).Nanoseconds())/1e3)
		}
	case "pipeline":
		latencies = pipeline(conn, body, count)
	case "deliver":
		subscription, err := conn.Subscribe(fmt.Sprintf("/push/1/%d/%d", count, len(body)), stomp.AckAuto)
		must(err)
		for i := 0; i < count; i++ {
			message := <-subscription.C
			must(message.Err)
		}
	default:
		log.Fatalf("there is no scenario %s", scenario)
	}
	return
}

func main() {
	scenario, port, count, size := os.Args[1], os.Args[3], number(os.Args[4]), number(os.Args[5])
	conn, err := stomp.Dial("tcp", "127.0.0.1:"+port, stomp.ConnOpt.HeartBeat(0, 0), stomp.ConnOpt.Host("/"))
	must(err)
	body := []byte(strings.Repeat("x", size))
	used, began := cpu(), time.Now()
	latencies := run(conn, scenario, count, body)
	record := map[string]any{"count": count, "seconds": time.Since(began).Seconds(), "cpu_seconds": cpu() - used,
		"peak_kib": peak()}
	if len(latencies) > 0 {
		sort.Float64s(latencies)
		for name, share := range map[string]float64{"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999} {
			record[name] = latencies[int(share*float64(len(latencies)-1))]
		}
	}
	line, err := json.Marshal(record)
	must(err)
	fmt.Println(string(line))
}
