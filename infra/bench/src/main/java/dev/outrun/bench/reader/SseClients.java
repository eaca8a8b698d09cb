package dev.outrun.bench.reader;

import dev.outrun.bench.figure.Arrivals;
import dev.outrun.bench.load.Tick;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many event-stream clients in a process and on a thread of their own: of each {@link Tick}, the
 * age is taken when it is read.
 *
 * <p>Arguments: port, clients, clients that never read, and run ids, over which the clients are
 * dealt out. It says {@code ready}, and then, to each line on its input, which is how many events
 * there are to come since the line before, how old they were; it ends with its input.
 */
public final class SseClients {

    /** Connections made before it is waited for: the server's backlog is a few thousand. */
    private static final int AT_ONCE = 500;

    private static final String OK = "HTTP/1.1 200 ";
    private static final byte[] DUE = Tick.DUE.getBytes(StandardCharsets.US_ASCII);

    private final int port;
    private final List<String> runs;
    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
    private final AtomicInteger open = new AtomicInteger();
    private final Arrivals arrivals = new Arrivals();

    private SseClients(int port, List<String> runs) throws IOException {
        this.port = port;
        this.runs = runs;
    }

    /** One connection: how much of {@link #DUE} it has just read, and the number behind it. */
    private static final class Client {
        private int matched;
        private long number;
        private boolean greeted;
    }

    /** Runs until its input ends. */
    public static void main(String[] args) throws IOException, InterruptedException {
        int clients = Integer.parseInt(args[1]);
        int slow = Integer.parseInt(args[2]);
        List<String> runs = List.of(args).subList(3, args.length);
        SseClients all = new SseClients(Integer.parseInt(args[0]), runs);
        for (int n = 0; n < slow; n++) {
            all.connect(n).configureBlocking(false);
        }
        Thread.ofPlatform().name("clients").daemon().start(all::read);
        for (int n = 0; n < clients; n++) {
            SocketChannel channel = all.connect(n);
            channel.configureBlocking(false);
            channel.register(all.selector, SelectionKey.OP_READ, new Client());
            all.selector.wakeup();
            while (n - all.open.get() > AT_ONCE) {
                Thread.onSpinWait();
            }
        }
        while (all.open.get() < clients) {
            Thread.onSpinWait();
        }
        System.out.println("ready");
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(all.report(Long.parseLong(line)));
        }
    }

    private SocketChannel connect(int number) throws IOException {
        SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        String request =
                "GET /v1/runs/"
                        + runs.get(number % runs.size())
                        + "/events?from=latest HTTP/1.1\r\nHost: localhost\r\n"
                        + "Accept: text/event-stream\r\n\r\n";
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
        return channel;
    }

    private void read() {
        try {
            while (true) {
                selector.select(key -> {
                    try {
                        read((SocketChannel) key.channel(), (Client) key.attachment());
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        } catch (IOException | UncheckedIOException e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private void read(SocketChannel channel, Client client) throws IOException {
        buffer.clear();
        if (channel.read(buffer) < 0) {
            throw new IOException("a stream has ended");
        }
        buffer.flip();
        if (!client.greeted) {
            String answer = StandardCharsets.US_ASCII.decode(buffer.duplicate()).toString();
            if (!answer.startsWith(OK)) {
                throw new IOException("no stream: " + answer);
            }
            client.greeted = true;
            open.incrementAndGet();
        }
        while (buffer.hasRemaining()) {
            take(client, buffer.get());
        }
    }

    private void take(Client client, byte next) {
        if (client.matched < DUE.length) {
            client.matched = next == DUE[client.matched] ? client.matched + 1 : 0;
        } else if (next >= '0' && next <= '9') {
            client.number = client.number * 10 + next - '0';
        } else {
            if (client.number > 0) {
                arrivals.arrived(client.number);
            }
            client.number = 0;
            client.matched = 0;
        }
    }

    private String report(long expected) throws InterruptedException {
        return arrivals.await(expected).toText();
    }
}
