/** Controllers at work on a whole API server, in simulation. */
@NullMarked
package dev.amphora.controller;

import org.jspecify.annotations.NullMarked;
