"""From samples to the loudspeaker: levels, resampling, a ring buffer, devices."""
