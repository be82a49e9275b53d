"""Pictures: encrypt, decrypt and measure them, and fetch the results."""
