package dev.amphora.apiserver.access;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Bearer tokens known from the start, as in kube-apiserver's {@code --token-auth-file}. */
public final class StaticTokens implements Authenticator {
    private final Map<String, User> users;

    private StaticTokens(Map<String, User> users) {
        this.users = users;
    }

    /** One token for one user. */
    public static StaticTokens of(String token, User user) {
        return new StaticTokens(Map.of(token, user));
    }

    /**
     * Reads the file's format: {@code token,user,uid,"group1,group2"}, one per line.
     *
     * @throws IllegalArgumentException if a line has fewer than three columns
     */
    public static StaticTokens parse(String csv) {
        Map<String, User> users = new LinkedHashMap<>();
        csv.lines().map(String::strip).filter(line -> !line.isEmpty()).forEach(line -> {
            List<String> columns = columns(line);
            if (columns.size() < 3) {
                throw new IllegalArgumentException(
                        "a token needs at least 3 columns (token, user name, uid), not " + columns.size());
            }
            List<String> groups = new ArrayList<>();
            if (columns.size() > 3) {
                Splitter.on(',').split(columns.get(3)).forEach(groups::add);
            }
            groups.add(User.AUTHENTICATED);
            users.putIfAbsent(columns.get(0), new User(columns.get(1), columns.get(2), groups, Map.of()));
        });
        return new StaticTokens(users);
    }

    @Override
    public Optional<User> authenticate(Credentials credentials) {
        return credentials.bearerToken() == null
                ? Optional.empty()
                : Optional.ofNullable(users.get(credentials.bearerToken()));
    }

    private static List<String> columns(String line) {
        List<String> columns = new ArrayList<>();
        StringBuilder column = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                if (quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                    column.append('"');
                    i++;
                } else {
                    quoted = !quoted;
                }
            } else if (c == ',' && !quoted) {
                columns.add(column.toString().strip());
                column.setLength(0);
            } else {
                column.append(c);
            }
        }
        columns.add(column.toString().strip());
        return columns;
    }
}
