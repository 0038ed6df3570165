package dev.amphora.stream;

/**
 * Where a command's output goes. What is not connected may be {@linkplain ByteSink#discarding discarded}.
 *
 * @param stdout standard output
 * @param stderr standard error
 */
public record Output(ByteSink stdout, ByteSink stderr) {}
