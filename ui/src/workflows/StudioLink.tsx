import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
