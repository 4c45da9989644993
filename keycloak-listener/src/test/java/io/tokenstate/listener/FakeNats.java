package io.tokenstate.listener;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * As much of a NATS server as the listener's side of the protocol needs, over a real socket and real TLS: it says INFO,
 * takes CONNECT, answers PING and requests, and tells the test what it saw.
 */
final class FakeNats implements AutoCloseable {
    /** Lines CONNECT of clients that got so far: they hold the credentials. */
    final BlockingQueue<String> connects = new LinkedBlockingQueue<>();
    /** Names in the client certificates that were shown. */
    final BlockingQueue<String> clients = new LinkedBlockingQueue<>();
    /** TLS handshakes that came to nothing. */
    final BlockingQueue<String> refused = new LinkedBlockingQueue<>();
    /** Headers and subject of each publish. */
    final BlockingQueue<String> published = new LinkedBlockingQueue<>();
    volatile SSLContext tls;
    volatile boolean clientCertificate;
    volatile String announce = "";
    /** What a publish is answered with; null: nothing. */
    volatile Function<String, String> answer = subject -> "{\"stream\":\"TOKENSTATE\",\"seq\":1}";

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> open = new CopyOnWriteArrayList<>();

    FakeNats(SSLContext tls) throws IOException {
        this.tls = tls;
        daemon(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    static String await(BlockingQueue<String> of) throws InterruptedException {
        String got = of.poll(30, TimeUnit.SECONDS);
        if (got == null) {
            throw new AssertionError("nothing came");
        }
        return got;
    }

    /** Cuts all connections. */
    void cut() throws IOException {
        for (Socket s : open) {
            s.close();
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut();
    }

    private void accept() throws IOException {
        while (!listening.isClosed()) {
            Socket s = listening.accept();
            open.add(s);
            daemon(() -> serve(s));
        }
    }

    private void serve(Socket raw) throws IOException {
        Socket s = raw;
        s.getOutputStream().write(("INFO {\"server_id\":\"X\",\"version\":\"2.12.0\",\"proto\":1,\"headers\":true,"
                + "\"max_payload\":131072,\"tls_required\":" + (tls != null) + announce + "}\r\n")
                .getBytes(StandardCharsets.UTF_8));
        if (tls != null) {
            SSLSocket secure = (SSLSocket) tls.getSocketFactory().createSocket(raw, "client", raw.getPort(), true);
            secure.setUseClientMode(false);
            secure.setNeedClientAuth(clientCertificate);
            try {
                secure.startHandshake();
                if (clientCertificate) {
                    clients.add(secure.getSession().getPeerPrincipal().getName());
                }
                talk(secure);
            } catch (IOException e) {
                refused.add(e.getClass().getSimpleName());
                raw.close();
            }
            return;
        }
        talk(s);
    }

    private void talk(Socket s) throws IOException {
        InputStream in = s.getInputStream();
        OutputStream out = s.getOutputStream();
        for (String line = line(in); line != null; line = line(in)) {
            if (line.startsWith("CONNECT")) {
                connects.add(line);
            } else if (line.equals("PING")) {
                out.write("PONG\r\n".getBytes(StandardCharsets.UTF_8));
            } else if (line.startsWith("HPUB ")) {
                // HPUB <subject> <reply> <bytes of headers> <bytes>
                String[] words = line.split(" ");
                byte[] all = in.readNBytes(Integer.parseInt(words[4]) + 2);
                published.add(words[1] + "\n" + new String(all, 0, Integer.parseInt(words[3]), StandardCharsets.UTF_8));
                String ack = answer.apply(words[1]);
                if (ack != null) {
                    out.write(("MSG " + words[2] + " 1 " + ack.length() + "\r\n" + ack + "\r\n")
                            .getBytes(StandardCharsets.UTF_8));
                }
            }
            out.flush();
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return line.toString().stripTrailing();
            }
            line.append((char) c);
        }
        return null;
    }

    private interface Job {
        void run() throws IOException;
    }

    private static void daemon(Job job) {
        Thread t = new Thread(() -> {
            try {
                job.run();
            } catch (IOException e) {
                // The test closed it.
            }
        }, "fake-nats");
        t.setDaemon(true);
        t.start();
    }
}
