package dev.amphora.rest;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Clients that connect and then say nothing, or next to nothing, in a process of their own: one process may not have as many sockets open
 * as both ends need.
 */
final class IdleClients implements AutoCloseable {
    private final Process process;
    private final BufferedReader told;
    private final BufferedWriter orders;

    private IdleClients(Process process) {
        this.process = process;
        told = process.inputReader(StandardCharsets.UTF_8);
        orders = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** Starts a process that connects a number of times to a port, of each kind of idleness as often as of the others. */
    static IdleClients start(int port, int connections) throws IOException {
        return new IdleClients(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx2g",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        IdleClients.class.getName(),
                        Integer.toString(port),
                        Integer.toString(connections))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** What the process says next, once it has done so; such as {@code 300 connected}. */
    String next() throws IOException {
        return String.valueOf(told.readLine());
    }

    /** Has every client that has said something say a little more. */
    void dribble() throws IOException {
        orders.write("dribble\n");
        orders.flush();
    }

    @Override
    public void close() {
        process.destroy();
    }

    /** Connects and tells of each hundred connections; then obeys until its input ends. */
    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[0]);
        int connections = Integer.parseInt(args[1]);
        List<AutoCloseable> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(client(port, i % 5));
            if (i % 100 == 99 || i == connections - 1) {
                System.out.println(clients.size() + " connected");
            }
        }
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        BufferedWriter answers = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
        while (orders.readLine() != null) {
            int said = 0;
            for (AutoCloseable client : clients) {
                if (client instanceof RawClient raw) {
                    raw.send("x");
                    said++;
                }
            }
            answers.write(said + " dribbled\n");
            answers.flush();
        }
    }

    private static AutoCloseable client(int port, int idleness) throws IOException {
        if (idleness == 0) {
            return RawClient.plain(port);
        }
        if (idleness == 1) {
            Socket half = RawClient.plain(port);
            half.getOutputStream().write(new byte[] {0x16, 0x03, 0x01, 0x02});
            return half;
        }
        RawClient client = RawClient.connect(port);
        if (idleness == 3) {
            client.send("GET /api/v1/pods HTTP/1.1\r\nHost: loc");
        } else if (idleness == 4) {
            client.send(RawClient.head("POST", "/api/v1/namespaces/default/configmaps")
                    + "Content-Length: 1000\r\n\r\n{\"metadata\":");
        }
        return client;
    }
}
